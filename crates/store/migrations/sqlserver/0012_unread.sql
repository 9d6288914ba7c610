-- What figures before the present one may have sold without their orders having been read. Whatever was confirmed before this upgrade is
-- not known, so nothing is assumed: the next complete read of the orders settles it.
ALTER TABLE marktwerk.listings ADD unread bigint NOT NULL DEFAULT 0
GO
ALTER TABLE marktwerk.listings ADD unread_at bigint NULL
GO
