-- What the marketplace's list said of an order last, beside its time of change: wishes and checks do not always move that time, and two
-- changes may share one second. NULL where an earlier version has stored the order.
ALTER TABLE orders ADD COLUMN fingerprint TEXT;
