-- What figures before the present one may have sold without their orders having been read. Whatever was confirmed before this upgrade is
-- not known, so nothing is assumed: the next complete read of the orders settles it.
ALTER TABLE listings ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listings ADD COLUMN unread_at INTEGER;
