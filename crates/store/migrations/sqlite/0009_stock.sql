-- Stock is raised only over orders that were read. A listing keeps the last figure that was read live or confirmed (known_stock, known_at)
-- and what may have moved it since; an order, when it stopped taking stock; entries of order lists whose articles are not known have rows.

-- How many times orders had stopped taking stock when this one did; 0 if it never did.
ALTER TABLE orders ADD COLUMN freed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX orders_freed ON orders (freed) WHERE freed > 0;

-- Units of orders that arrived, and that were given back, since the figure; when the first and the last of the arrived were bought.
ALTER TABLE listings ADD COLUMN sold INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listings ADD COLUMN returned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listings ADD COLUMN bought_first_at INTEGER;
ALTER TABLE listings ADD COLUMN bought_last_at INTEGER;
-- What was sent since without an answer.
ALTER TABLE listings ADD COLUMN sent_low INTEGER;
ALTER TABLE listings ADD COLUMN sent_high INTEGER;
-- Units that were sold and whose orders were not read when that was noticed.
ALTER TABLE listings ADD COLUMN unseen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listings ADD COLUMN unseen_at INTEGER;
-- JSON: why its article is gone, and why the target is not published.
ALTER TABLE listings ADD COLUMN lost TEXT;
ALTER TABLE listings ADD COLUMN held TEXT;
CREATE INDEX listings_article ON listings (article) WHERE article IS NOT NULL;
CREATE INDEX listings_unseen ON listings (unseen) WHERE unseen > 0;

CREATE TABLE unread_entries (
    account TEXT NOT NULL,
    number TEXT NOT NULL,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    left_out_at INTEGER,
    PRIMARY KEY (account, number)
) STRICT, WITHOUT ROWID;

-- An order that moves to another account moves its counts.
CREATE TRIGGER order_changed_account AFTER UPDATE OF account ON orders WHEN OLD.account IS NOT NEW.account BEGIN
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
    INSERT INTO order_counts VALUES (NEW.account, 'state', NEW.state, 1)
        ON CONFLICT DO UPDATE SET amount = amount + 1;
    INSERT INTO order_counts VALUES
        (NEW.account, 'reached', 'imported', NEW.imported_at IS NOT NULL),
        (NEW.account, 'reached', 'document', NEW.document_at IS NOT NULL),
        (NEW.account, 'reached', 'handed_over', NEW.handed_over_at IS NOT NULL),
        (NEW.account, 'reached', 'reported', NEW.reported_at IS NOT NULL)
        ON CONFLICT DO UPDATE SET amount = amount + excluded.amount;
END;
