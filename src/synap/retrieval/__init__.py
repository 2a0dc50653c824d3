"""From a question and its candidates to a context: plan, fuse, settle, fit."""
