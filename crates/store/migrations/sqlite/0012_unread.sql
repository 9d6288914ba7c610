-- What figures before the present one may have sold without their orders having been read. Of figures that were replaced before this
-- upgrade it is not known: they count as read, so that for an hour too little may be held back.
ALTER TABLE listings ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listings ADD COLUMN unread_from INTEGER;
ALTER TABLE listings ADD COLUMN unread_until INTEGER;
ALTER TABLE listings ADD COLUMN unread_earlier INTEGER NOT NULL DEFAULT 0;
