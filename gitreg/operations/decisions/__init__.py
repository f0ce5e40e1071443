"""Approvals and rejections: made, carried around, counted, and dropped when they have served."""
