/** People a list may have here; a room that names more is not shown whole, and so never counts as known. */
export const MOST_LISTED = 10_000;
