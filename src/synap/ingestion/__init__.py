"""From a document to changes in memory: parse, protect, split, extract, resolve, reconcile."""
