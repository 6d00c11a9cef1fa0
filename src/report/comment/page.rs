//! A text with room for so many bytes: whole items or nothing, and an honest word about what found no room.

use std::fmt::Write as _;

use crate::report::words;

/// Bytes kept free for what is said at the end.
const RESERVE: usize = 1_500;

/// A page that never holds more bytes than it may.
pub(super) struct Page {
    out: String,
    limit: usize,
    left_out: Vec<(usize, &'static str)>,
}

impl Page {
    /// An empty one.
    pub(super) fn new(limit: usize) -> Self {
        Self { out: String::new(), limit, left_out: Vec::new() }
    }

    /// Adds a piece, if there is room for it as a whole.
    pub(super) fn block(&mut self, text: &str, what: &'static str) {
        if self.has_room(text.len()) {
            self.out.push_str(text);
        } else {
            self.left_out.push((1, what));
        }
    }

    /// Adds the items of a list for which there is room, with what stands before and after them; nothing where there are none.
    /// What is left out is the end of the list: it takes half of what room there is, so that those after it have some.
    pub(super) fn list<T>(&mut self, head: &str, items: &[T], render: impl Fn(&T) -> String, end: &str, what: &'static str) {
        let share = self.limit.saturating_sub(self.out.len()).saturating_sub(RESERVE) / 2;
        let most = self.out.len().saturating_add(share);
        for (at, item) in items.iter().enumerate() {
            let text = render(item);
            let frame = if at == 0 { head.len() } else { 0 };
            if self.out.len() + frame + text.len() + end.len() + 1 > most {
                self.left_out.push((items.len() - at, what));
                if at == 0 {
                    return;
                }
                break;
            }
            if at == 0 {
                self.out.push_str(head);
            }
            self.out.push_str(&text);
        }
        if !items.is_empty() {
            self.out.push_str(end);
            self.out.push('\n');
        }
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.out.len().saturating_add(bytes).saturating_add(RESERVE) <= self.limit
    }

    /// The page, what is left out of it, and the last line; one that is too long is left out.
    pub(super) fn finish(mut self, foot: &str) -> String {
        let parts: Vec<String> = self.left_out.iter().map(|(number, what)| words::count(*number, what)).collect();
        if !parts.is_empty() {
            let _ = writeln!(
                self.out,
                "**Left out for want of room: {}.** The remarks on the commits, or `portcullis check` in a clone, tell all of them.\n",
                words::list(&parts)
            );
        }
        if self.out.len() + foot.len() <= self.limit {
            self.out.push_str(foot);
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_what_it_may_and_counts_the_rest() {
        let mut page = Page::new(RESERVE + 62);
        let items: Vec<usize> = (0..9).collect();
        page.list("items\n", &items, |i| format!("- {i}\n"), "end\n", "item");
        page.block(&"x".repeat(60), "block");
        let out = page.finish("foot\n");
        assert!(
            out.starts_with("items\n- 0\n- 1\n- 2\n- 3\n- 4\nend\n\n**Left out for want of room: 4 items and 1 block.**"),
            "{out}"
        );
        assert!(out.ends_with("foot\n") && out.len() <= RESERVE + 62);
    }

    #[test]
    fn a_list_that_finds_no_room_leaves_no_frame_behind() {
        let mut page = Page::new(RESERVE + 10);
        page.list("a head that is too long\n", &[1], |i| format!("- {i}\n"), "", "item");
        assert!(page.finish("").starts_with("**Left out for want of room: 1 item.**"));
    }
}
