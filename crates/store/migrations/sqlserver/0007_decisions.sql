-- What happened to each order, one JSON object per line. Of each kind of entry that has ended, the last end stands there as a first line.

ALTER TABLE marktwerk.orders ADD history nvarchar(max) NOT NULL DEFAULT N''
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"set_aside"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'set_aside' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"unclear"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'unclear' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"cancelled_after_hand_over"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'cancelled_after_hand_over' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"changed_after_hand_over"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'changed_after_hand_over' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"unknown_carrier"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'unknown_carrier' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"shipment_refused"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'shipment_refused' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"unknown_article"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'unknown_article' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"worker_stuck"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'worker_stuck' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"duplicate"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'duplicate' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"closed_in_erp"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'closed_in_erp' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"shipped_elsewhere"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'shipped_elsewhere' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"buyer_wish"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'buyer_wish' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
GO
UPDATE o SET history = o.history + N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(e.closed_at / 1000000 AS int),
        CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"without_number"}}' + NCHAR(10)
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, MAX(a.closed_at) AS closed_at FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind = 'without_number' GROUP BY a.account, a.subject) e
    ON e.account = o.account AND e.subject = o.number
