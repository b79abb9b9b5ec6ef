"""What the tests of the whole suite share: a writer, a ledger of what it committed, and a checker."""
