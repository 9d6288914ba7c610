-- What happened to each order, one JSON object per line. What was closed before stands there as its first lines.

ALTER TABLE marktwerk.orders ADD history nvarchar(max) NOT NULL DEFAULT N''
GO
UPDATE o SET history = c.lines
    FROM marktwerk.orders o JOIN (
        SELECT a.account, a.subject, STRING_AGG(CAST(N'{"at":"' + CONVERT(nvarchar(19), DATEADD(second, CAST(a.closed_at / 1000000 AS int),
            CAST('1970-01-01' AS datetime2(0))), 126) + N'Z","by":"earlier_version","what":{"closed":"' + a.kind + N'"}}' + NCHAR(10)
            AS nvarchar(max)), N'') AS lines
        FROM marktwerk.attentions a
        WHERE a.closed_at IS NOT NULL AND a.kind NOT IN ('stock_refused', 'unauthorised')
        GROUP BY a.account, a.subject) c
    ON c.account = o.account AND c.subject = o.number
