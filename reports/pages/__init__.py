"""The pages that are generated: one module a kind of page, editions in, pages out."""
