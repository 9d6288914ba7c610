-- Orders, listings and the attention list. Times are integer microseconds UTC.

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    number TEXT NOT NULL,
    state TEXT NOT NULL,
    status TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    ordered_at INTEGER NOT NULL,
    is_complete INTEGER NOT NULL,
    is_unread INTEGER NOT NULL,
    reason TEXT,
    mark TEXT,
    intent TEXT,
    erp_number TEXT,
    parcels TEXT NOT NULL DEFAULT '[]',
    report TEXT,
    report_tries INTEGER NOT NULL DEFAULT 0,
    next_report_at INTEGER,
    fetched_at INTEGER NOT NULL,
    imported_at INTEGER,
    document_at INTEGER,
    handed_over_at INTEGER,
    reported_at INTEGER,
    translation TEXT,
    UNIQUE (account, number)
) STRICT;

CREATE INDEX orders_state ON orders (state, account, number);
CREATE INDEX orders_unread ON orders (account, number) WHERE is_unread = 1;
-- Orders that take stock which the ERP does not know of yet; the query repeats this condition word for word.
CREATE INDEX orders_taking_stock ON orders (state) WHERE state IN ('exporting', 'handed_over', 'unclear')
    OR (state = 'fetched' AND status IN ('pending', 'ready'))
    OR (state IN ('set_aside', 'imported') AND status IN ('pending', 'ready', 'partly_shipped'));

-- Large texts stand apart, so that reading many orders does not read them.
CREATE TABLE order_raws (
    order_id INTEGER PRIMARY KEY REFERENCES orders (id) ON DELETE CASCADE,
    raw TEXT NOT NULL
) STRICT;

CREATE TABLE order_documents (
    order_id INTEGER PRIMARY KEY REFERENCES orders (id) ON DELETE CASCADE,
    document TEXT NOT NULL
) STRICT;

CREATE TABLE order_contents (
    order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    sku TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (order_id, position)
) STRICT, WITHOUT ROWID;

-- Orders by state and by what they have reached, kept by triggers: statistics cost the same with any number of orders.
CREATE TABLE order_counts (
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    word TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (account, kind, word)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER order_inserted AFTER INSERT ON orders BEGIN
    INSERT INTO order_counts VALUES (NEW.account, 'state', NEW.state, 1)
        ON CONFLICT DO UPDATE SET amount = amount + 1;
    INSERT INTO order_counts VALUES
        (NEW.account, 'reached', 'imported', NEW.imported_at IS NOT NULL),
        (NEW.account, 'reached', 'document', NEW.document_at IS NOT NULL),
        (NEW.account, 'reached', 'handed_over', NEW.handed_over_at IS NOT NULL),
        (NEW.account, 'reached', 'reported', NEW.reported_at IS NOT NULL)
        ON CONFLICT DO UPDATE SET amount = amount + excluded.amount;
END;

CREATE TRIGGER order_deleted AFTER DELETE ON orders BEGIN
    UPDATE order_counts SET amount = amount - 1
        WHERE account = OLD.account AND kind = 'state' AND word = OLD.state;
    UPDATE order_counts SET amount = amount - (OLD.imported_at IS NOT NULL)
        WHERE account = OLD.account AND kind = 'reached' AND word = 'imported';
    UPDATE order_counts SET amount = amount - (OLD.document_at IS NOT NULL)
        WHERE account = OLD.account AND kind = 'reached' AND word = 'document';
    UPDATE order_counts SET amount = amount - (OLD.handed_over_at IS NOT NULL)
        WHERE account = OLD.account AND kind = 'reached' AND word = 'handed_over';
    UPDATE order_counts SET amount = amount - (OLD.reported_at IS NOT NULL)
        WHERE account = OLD.account AND kind = 'reached' AND word = 'reported';
END;

CREATE TRIGGER order_moved AFTER UPDATE OF state ON orders WHEN OLD.state IS NOT NEW.state BEGIN
    UPDATE order_counts SET amount = amount - 1
        WHERE account = OLD.account AND kind = 'state' AND word = OLD.state;
    INSERT INTO order_counts VALUES (NEW.account, 'state', NEW.state, 1)
        ON CONFLICT DO UPDATE SET amount = amount + 1;
END;

CREATE TRIGGER order_reached_imported AFTER UPDATE OF imported_at ON orders
    WHEN OLD.imported_at IS NULL AND NEW.imported_at IS NOT NULL BEGIN
    UPDATE order_counts SET amount = amount + 1
        WHERE account = NEW.account AND kind = 'reached' AND word = 'imported';
END;

CREATE TRIGGER order_reached_document AFTER UPDATE OF document_at ON orders
    WHEN OLD.document_at IS NULL AND NEW.document_at IS NOT NULL BEGIN
    UPDATE order_counts SET amount = amount + 1
        WHERE account = NEW.account AND kind = 'reached' AND word = 'document';
END;

CREATE TRIGGER order_reached_handed_over AFTER UPDATE OF handed_over_at ON orders
    WHEN OLD.handed_over_at IS NULL AND NEW.handed_over_at IS NOT NULL BEGIN
    UPDATE order_counts SET amount = amount + 1
        WHERE account = NEW.account AND kind = 'reached' AND word = 'handed_over';
END;

CREATE TRIGGER order_reached_reported AFTER UPDATE OF reported_at ON orders
    WHEN OLD.reported_at IS NULL AND NEW.reported_at IS NOT NULL BEGIN
    UPDATE order_counts SET amount = amount + 1
        WHERE account = NEW.account AND kind = 'reached' AND word = 'reported';
END;

CREATE TABLE listings (
    account TEXT NOT NULL,
    id TEXT NOT NULL,
    listing_group TEXT NOT NULL,
    sku TEXT NOT NULL,
    title TEXT NOT NULL,
    stock INTEGER NOT NULL,
    article INTEGER,
    known_stock INTEGER,
    known_at INTEGER,
    target INTEGER,
    error TEXT,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX listings_sku ON listings (account, sku);

CREATE TABLE attentions (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    message TEXT NOT NULL,
    since INTEGER NOT NULL,
    closed_at INTEGER
) STRICT;

CREATE UNIQUE INDEX attentions_open ON attentions (account, kind, subject) WHERE closed_at IS NULL;
