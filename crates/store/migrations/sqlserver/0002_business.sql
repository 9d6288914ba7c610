-- Orders, listings and the attention list. Times are bigint microseconds UTC. Keys and words compare by code point.

CREATE TABLE marktwerk.orders (
    id bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY,
    account nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    number nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    state varchar(30) COLLATE Latin1_General_BIN2 NOT NULL,
    status varchar(30) COLLATE Latin1_General_BIN2 NOT NULL,
    changed_at bigint NOT NULL,
    ordered_at bigint NOT NULL,
    is_complete bit NOT NULL,
    is_unread bit NOT NULL,
    reason nvarchar(max) NULL,
    mark varchar(30) COLLATE Latin1_General_BIN2 NULL,
    intent nvarchar(max) NULL,
    erp_number nvarchar(100) NULL,
    parcels nvarchar(max) NOT NULL DEFAULT '[]',
    report nvarchar(max) NULL,
    report_tries bigint NOT NULL DEFAULT 0,
    next_report_at bigint NULL,
    fetched_at bigint NOT NULL,
    imported_at bigint NULL,
    document_at bigint NULL,
    handed_over_at bigint NULL,
    reported_at bigint NULL,
    translation nvarchar(max) NULL,
    CONSTRAINT orders_number UNIQUE (account, number)
)
GO
CREATE INDEX orders_state ON marktwerk.orders (state, account, number) INCLUDE (status)
GO
CREATE INDEX orders_unread ON marktwerk.orders (is_unread, account, number)
GO
-- Statistics read this index and nothing else.
CREATE INDEX orders_reached ON marktwerk.orders (account, state) INCLUDE (imported_at, document_at, handed_over_at, reported_at)
GO
-- Accounts that ever had an order: a page over all of them is read account by account, each in the order of the index.
CREATE TABLE marktwerk.order_accounts (
    account nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL PRIMARY KEY
)
GO
-- Large texts stand apart, so that reading many orders does not read them.
CREATE TABLE marktwerk.order_raws (
    order_id bigint NOT NULL PRIMARY KEY,
    raw nvarchar(max) NOT NULL
)
GO
CREATE TABLE marktwerk.order_documents (
    order_id bigint NOT NULL PRIMARY KEY,
    document nvarchar(max) NOT NULL
)
GO
CREATE TABLE marktwerk.order_contents (
    order_id bigint NOT NULL,
    position bigint NOT NULL,
    sku nvarchar(450) COLLATE Latin1_General_BIN2 NOT NULL,
    quantity bigint NOT NULL,
    PRIMARY KEY (order_id, position)
)
GO
CREATE TABLE marktwerk.listings (
    account nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    id nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    listing_group nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    sku nvarchar(450) COLLATE Latin1_General_BIN2 NOT NULL,
    title nvarchar(max) NOT NULL,
    stock bigint NOT NULL,
    article bigint NULL,
    known_stock bigint NULL,
    known_at bigint NULL,
    target bigint NULL,
    error nvarchar(max) NULL,
    PRIMARY KEY (account, id)
)
GO
CREATE INDEX listings_sku ON marktwerk.listings (account, sku)
GO
CREATE TABLE marktwerk.attentions (
    id bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY,
    account nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    kind varchar(60) COLLATE Latin1_General_BIN2 NOT NULL,
    subject nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL,
    message nvarchar(max) NOT NULL,
    since bigint NOT NULL,
    closed_at bigint NULL
)
GO
CREATE INDEX attentions_subject ON marktwerk.attentions (account, kind, subject, closed_at)
