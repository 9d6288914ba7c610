-- What happened to each order, one JSON object per line. Of each kind of entry that has ended, the last end stands there as a first line.

ALTER TABLE orders ADD COLUMN history TEXT NOT NULL DEFAULT '';

CREATE TEMP TABLE ended AS
    SELECT account, subject, kind, MAX(closed_at) AS closed_at FROM attentions
    WHERE closed_at IS NOT NULL AND kind NOT IN ('stock_refused', 'unauthorised') GROUP BY account, subject, kind;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'set_aside' AND e.account = orders.account AND e.subject = orders.number;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'unclear' AND e.account = orders.account AND e.subject = orders.number;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'cancelled_after_hand_over' AND e.account = orders.account AND e.subject = orders.number;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'changed_after_hand_over' AND e.account = orders.account AND e.subject = orders.number;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'unknown_carrier' AND e.account = orders.account AND e.subject = orders.number;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'shipment_refused' AND e.account = orders.account AND e.subject = orders.number;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'unknown_article' AND e.account = orders.account AND e.subject = orders.number;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'worker_stuck' AND e.account = orders.account AND e.subject = orders.number;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'duplicate' AND e.account = orders.account AND e.subject = orders.number;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'closed_in_erp' AND e.account = orders.account AND e.subject = orders.number;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'shipped_elsewhere' AND e.account = orders.account AND e.subject = orders.number;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'buyer_wish' AND e.account = orders.account AND e.subject = orders.number;

UPDATE orders SET history = history || json_object('at', strftime('%Y-%m-%dT%H:%M:%SZ', e.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version', 'what', json_object('closed', e.kind)) || char(10)
    FROM ended e WHERE e.kind = 'without_number' AND e.account = orders.account AND e.subject = orders.number;

DROP TABLE ended;
