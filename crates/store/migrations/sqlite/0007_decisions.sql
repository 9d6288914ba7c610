-- What happened to each order, one JSON object per line. What was closed before stands there as its first lines.

ALTER TABLE orders ADD COLUMN history TEXT NOT NULL DEFAULT '';

UPDATE orders SET history = COALESCE((
    SELECT group_concat(json_object(
        'at', strftime('%Y-%m-%dT%H:%M:%SZ', a.closed_at / 1000000, 'unixepoch'),
        'by', 'earlier_version',
        'what', json_object('closed', a.kind)), char(10)) || char(10)
    FROM attentions a WHERE a.account = orders.account AND a.subject = orders.number AND a.closed_at IS NOT NULL
        AND a.kind NOT IN ('stock_refused', 'unauthorised')), '')
    WHERE EXISTS (SELECT 1 FROM attentions a
        WHERE a.account = orders.account AND a.subject = orders.number AND a.closed_at IS NOT NULL);
