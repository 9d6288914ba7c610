-- Stock is raised only over orders that were read. A listing keeps the last figure that was read live or confirmed (known_stock, known_at)
-- and what may have moved it since; an order, when it stopped taking stock; entries of order lists whose articles are not known have rows.

-- How many times orders had stopped taking stock when this one did; 0 if it never did.
ALTER TABLE marktwerk.orders ADD freed bigint NOT NULL DEFAULT 0
GO
CREATE INDEX orders_freed ON marktwerk.orders (freed)
GO
-- Units of orders that arrived, and that were given back, since the figure; when the first and the last of the arrived were bought.
ALTER TABLE marktwerk.listings ADD sold bigint NOT NULL DEFAULT 0
GO
ALTER TABLE marktwerk.listings ADD returned bigint NOT NULL DEFAULT 0
GO
ALTER TABLE marktwerk.listings ADD bought_first_at bigint NULL
GO
ALTER TABLE marktwerk.listings ADD bought_last_at bigint NULL
GO
-- What was sent since without an answer.
ALTER TABLE marktwerk.listings ADD sent_low bigint NULL
GO
ALTER TABLE marktwerk.listings ADD sent_high bigint NULL
GO
-- Units that were sold and whose orders were not read when that was noticed.
ALTER TABLE marktwerk.listings ADD unseen bigint NOT NULL DEFAULT 0
GO
ALTER TABLE marktwerk.listings ADD unseen_at bigint NULL
GO
-- JSON: why its article is gone, and why the target is not published.
ALTER TABLE marktwerk.listings ADD lost nvarchar(max) NULL
GO
ALTER TABLE marktwerk.listings ADD held nvarchar(max) NULL
GO
CREATE INDEX listings_article ON marktwerk.listings (article)
GO
CREATE INDEX listings_unseen ON marktwerk.listings (unseen)
GO
CREATE TABLE marktwerk.unread_entries (
    account nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    number nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    reason nvarchar(max) NOT NULL,
    since bigint NOT NULL,
    left_out_at bigint NULL,
    PRIMARY KEY (account, number)
)
