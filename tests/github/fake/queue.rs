//! The merge queue: groups on refs of their own, merged or thrown away.

use git2::Oid;

use super::GitHub;
use super::merging::Method;
use super::objects;
use super::state::{Kind, MergedBy, State};

/// One entry of a queue.
pub struct Group {
    pub number: u64,
    pub branch: String,
    pub reference: String,
    pub onto: Oid,
    pub sha: Oid,
    pub by: u64,
    pub method: Method,
}

impl State {
    /// The account under which the queue's refs move.
    fn queue_bot(&mut self) -> u64 {
        self.account("github-merge-queue[bot]", Kind::Bot)
    }

    fn enqueue(&mut self, id: u64, number: u64, method: Method, by: u64) -> Oid {
        let path = self.repositories[&id].path.clone();
        let branch = self.repositories[&id].pulls[&number].base_ref.clone();
        let before = self.repositories[&id].queue.iter().rev().find(|group| group.branch == branch).map(|group| group.sha);
        let onto = before.unwrap_or_else(|| objects::tip(&path, &format!("refs/heads/{branch}")).unwrap());
        let sha = self.merge_result(id, number, onto, method, by).expect("it can be merged");
        let reference = format!("refs/heads/gh-readonly-queue/{branch}/pr-{number}-{onto}");
        objects::set(&path, &reference, sha);
        let bot = self.queue_bot();
        self.moved(id, &reference, None, Some(sha), bot, None);
        self.repository(id).queue.push(Group { number, branch, reference, onto, sha, by, method });
        self.merge_group_event(id, self.repositories[&id].queue.len() - 1, "checks_requested");
        sha
    }

    fn leave_queue(&mut self, id: u64, number: u64) -> Option<Group> {
        let at = self.repositories[&id].queue.iter().position(|group| group.number == number)?;
        self.merge_group_event(id, at, "destroyed");
        let group = self.repository(id).queue.remove(at);
        let path = self.repositories[&id].path.clone();
        objects::delete(&path, &group.reference);
        let bot = self.queue_bot();
        self.moved(id, &group.reference, Some(group.sha), None, bot, None);
        Some(group)
    }
}

impl GitHub {
    /// Puts a pull request into the merge queue, behind those that are in it; the group's commit.
    pub fn enqueues(&self, login: &str, full_name: &str, number: u64, method: Method) -> Oid {
        let id = self.repository(full_name);
        let mut state = self.state();
        state.deed();
        let by = state.account_id(login).unwrap();
        state.enqueue(id, number, method, by)
    }

    /// The first group is green: the branch moves to it.
    pub fn merges_first_group(&self, full_name: &str) -> Oid {
        let id = self.repository(full_name);
        let mut state = self.state();
        state.deed();
        let number = state.repositories[&id].queue[0].number;
        let group = state.leave_queue(id, number).unwrap();
        let (path, bot) = (state.repositories[&id].path.clone(), state.queue_bot());
        let reference = format!("refs/heads/{}", group.branch);
        objects::set(&path, &reference, group.sha);
        state.moved(id, &reference, Some(group.onto), Some(group.sha), bot, Some("merge_queue_merge"));
        let at = state.now();
        if state.repositories[&id].pulls[&group.number].open {
            state.close_as_merged(id, group.number, MergedBy { at, by: bot, sha: group.sha });
        }
        group.sha
    }

    /// Takes a pull request out of the queue; those behind it are queued anew.
    pub fn dequeues(&self, full_name: &str, number: u64) {
        let id = self.repository(full_name);
        let mut state = self.state();
        state.deed();
        let at = state.repositories[&id].queue.iter().position(|group| group.number == number).unwrap();
        let behind: Vec<u64> = state.repositories[&id].queue[at..].iter().map(|group| group.number).collect();
        let left: Vec<Group> = behind.into_iter().filter_map(|number| state.leave_queue(id, number)).collect();
        for group in left.iter().filter(|group| group.number != number) {
            state.enqueue(id, group.number, group.method, group.by);
        }
    }
}
