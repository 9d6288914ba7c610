-- What figures before the present one may have sold without their orders having been read. Of figures that were replaced before this
-- upgrade it is not known: they count as read, so that for an hour too little may be held back.
ALTER TABLE marktwerk.listings ADD unread bigint NOT NULL DEFAULT 0
GO
ALTER TABLE marktwerk.listings ADD unread_from bigint NULL
GO
ALTER TABLE marktwerk.listings ADD unread_until bigint NULL
GO
ALTER TABLE marktwerk.listings ADD unread_earlier bigint NOT NULL DEFAULT 0
GO
