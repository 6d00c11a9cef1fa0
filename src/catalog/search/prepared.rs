//! A search with everything filled in that is the same for every entity, ready to be asked of many.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use crate::catalog::Catalog;
use crate::catalog::person::{TEAM, USER};
use crate::model::{
    Combinator, Comparison, Contextual, Direction, EntityKey, Identifier, PathStep, Search, SearchRule, SearchSubject,
    SearchValue, Value, Whose,
};

use super::compare::{Known, holds, items};
use super::graph::Graph;
use super::{MOST_FOUND, SearchContext, SearchFault};

/// Yields the value of a property, or why nobody knows it.
pub type Read<'a> = &'a dyn Fn(&EntityKey, &str) -> Result<Option<Value>, SearchFault>;

/// A search, prepared for one who asks.
pub struct Prepared<'a> {
    catalog: &'a Catalog,
    read: Read<'a>,
    graph: Graph<'a>,
    roster: bool,
    root: Node,
}

/// A rule with its values filled in.
enum Node {
    Group(Combinator, Vec<Node>),
    /// The same for every entity.
    Fixed(Result<bool, SearchFault>),
    Field(Box<str>, Comparison, Known),
    Relation(Box<str>, Comparison, Known),
    Related {
        starts: Vec<EntityKey>,
        direction: Option<Direction>,
        required: Option<bool>,
        reached: Reached,
    },
    /// From the entity along the path to one of these.
    LeadsTo(Vec<PathStep>, Vec<Identifier>),
    /// At the end of the path from one of these.
    LedTo {
        starts: Vec<EntityKey>,
        path: Vec<PathStep>,
        reached: Reached,
    },
}

/// What is reached; looked for when first asked about.
type Reached = OnceCell<Result<BTreeSet<EntityKey>, SearchFault>>;

impl<'a> Prepared<'a> {
    /// Fills in templates and the properties of who asks. What cannot be filled in is a fault of the rule it stands in.
    pub fn new(catalog: &'a Catalog, search: &Search, context: &'a SearchContext<'a>, read: Read<'a>) -> Self {
        let graph = Graph::new(catalog, context.sight);
        Self { catalog, read, graph, roster: context.roster, root: group(search, context) }
    }

    /// Whether this entity is meant; one that whoever searches does not see never is.
    ///
    /// # Errors
    /// Why nobody can tell.
    pub fn matches(&self, key: &EntityKey) -> Result<bool, SearchFault> {
        if !self.graph.sees(key) {
            return Ok(false);
        }
        self.graph.spend(1)?;
        self.ask(&self.root, key)
    }

    /// Every entity that is meant, in order.
    ///
    /// # Errors
    /// Why nobody can tell of one of them, or [`SearchFault::TooMany`].
    pub fn select(&self) -> Result<Vec<EntityKey>, SearchFault> {
        let mut found = Vec::new();
        for key in self.candidates() {
            if self.matches(&key)? {
                if found.len() == MOST_FOUND {
                    return Err(SearchFault::TooMany);
                }
                found.push(key);
            }
        }
        Ok(found)
    }

    /// The entities of the blueprints that the rules allow, or all.
    fn candidates(&self) -> Box<dyn Iterator<Item = EntityKey> + '_> {
        let of_roster = move |blueprint: &Identifier| -> Vec<EntityKey> {
            let key = |id: &Identifier| EntityKey { blueprint: blueprint.clone(), identifier: id.clone() };
            match blueprint.as_str() {
                USER if self.roster => self.catalog.users().iter().map(|(id, _)| key(id)).collect(),
                TEAM if self.roster => self.catalog.teams().iter().map(|(id, _)| key(id)).collect(),
                _ => Vec::new(),
            }
        };
        let own = move |blueprint: &Identifier| !self.roster || !matches!(blueprint.as_str(), USER | TEAM);
        match blueprints(&self.root) {
            Some(few) => Box::new(few.into_iter().flat_map(move |blueprint| {
                let mut keys = of_roster(&blueprint);
                if own(&blueprint) {
                    keys.extend(self.catalog.entities().keys_of(&blueprint));
                }
                keys
            })),
            None => {
                let roster = [USER, TEAM].into_iter().filter_map(|name| Identifier::new(name).ok());
                let all = self.catalog.entities().keys();
                Box::new(
                    all.filter(move |key| own(&key.blueprint)).chain(roster.flat_map(move |blueprint| of_roster(&blueprint))),
                )
            }
        }
    }

    /// A rule that cannot be answered counts only where no other decides.
    fn ask(&self, node: &Node, key: &EntityKey) -> Result<bool, SearchFault> {
        match node {
            Node::Group(combinator, nodes) => {
                let decides = *combinator == Combinator::Or;
                let mut fault = None;
                for node in nodes {
                    match self.ask(node, key) {
                        Ok(answer) if answer == decides => return Ok(decides),
                        Ok(_) => {}
                        Err(why) => fault = fault.or(Some(why)),
                    }
                }
                fault.map_or(Ok(!decides), Err)
            }
            Node::Fixed(answer) => answer.clone(),
            Node::Field(name, operator, with) => {
                let value = (self.read)(key, name)?;
                holds(*operator, value.as_ref(), with).map_err(|_| incomparable(name, *operator))
            }
            Node::Relation(name, operator, with) => {
                let held = self.graph.held(key, name)?;
                let texts: Vec<Value> = held.iter().map(|target| Value::from(target.identifier.as_str())).collect();
                // One target is a text, so that `=` means what it says; none is absent.
                let value = match texts.as_slice() {
                    [] => None,
                    [one] => Some(one.clone()),
                    _ => Some(Value::List(texts.into())),
                };
                holds(*operator, value.as_ref(), with).map_err(|_| incomparable(name, *operator))
            }
            Node::Related { starts, direction, required, reached } => {
                let look = || {
                    let mut all = BTreeSet::new();
                    for way in [Direction::Upstream, Direction::Downstream] {
                        if direction.is_none_or(|only| only == way) {
                            all.extend(self.graph.reach(starts, way, *required)?);
                        }
                    }
                    Ok(all)
                };
                reached.get_or_init(look).as_ref().map(|found| found.contains(key)).map_err(Clone::clone)
            }
            Node::LeadsTo(path, ends) => {
                let found = self.graph.along(std::slice::from_ref(key), path)?;
                Ok(found.iter().any(|end| ends.contains(&end.identifier)))
            }
            Node::LedTo { starts, path, reached } => {
                let look = || self.graph.along(starts, path);
                reached.get_or_init(look).as_ref().map(|found| found.contains(key)).map_err(Clone::clone)
            }
        }
    }
}

fn incomparable(name: &str, operator: Comparison) -> SearchFault {
    SearchFault::Incomparable { property: name.into(), operator }
}

/// The only blueprints of which an entity can be meant; `None` where that cannot be told.
fn blueprints(node: &Node) -> Option<BTreeSet<Identifier>> {
    match node {
        Node::Field(name, Comparison::Equal | Comparison::In, Known::Value(value)) if &**name == "$blueprint" => {
            Some(items(value).iter().filter_map(|item| Identifier::new(item.as_str()?).ok()).collect())
        }
        Node::Group(Combinator::And, nodes) => {
            nodes.iter().filter_map(blueprints).reduce(|one, other| one.intersection(&other).cloned().collect())
        }
        Node::Group(Combinator::Or, nodes) if !nodes.is_empty() => {
            nodes.iter().map(blueprints).try_fold(BTreeSet::new(), |mut all, some| {
                all.extend(some?);
                Some(all)
            })
        }
        _ => None,
    }
}

fn group(search: &Search, context: &SearchContext<'_>) -> Node {
    Node::Group(search.combinator, search.rules.iter().map(|rule| prepare(rule, context)).collect())
}

fn prepare(rule: &SearchRule, context: &SearchContext<'_>) -> Node {
    let made = match rule {
        SearchRule::Group(search) => Ok(group(search, context)),
        SearchRule::Compare { subject, operator, value } => compare(subject, *operator, value, context),
        SearchRule::RelatedTo { blueprint, value, direction, required } => keys(blueprint, value, context)
            .map(|starts| Node::Related { starts, direction: *direction, required: *required, reached: OnceCell::new() }),
        SearchRule::Path { path, from: None, value } => identifiers(value, context).map(|ends| Node::LeadsTo(path.clone(), ends)),
        SearchRule::Path { path, from: Some(from), value } => {
            keys(from, value, context).map(|starts| Node::LedTo { starts, path: path.clone(), reached: OnceCell::new() })
        }
    };
    made.unwrap_or_else(|fault| Node::Fixed(Err(fault)))
}

fn compare(
    subject: &SearchSubject,
    operator: Comparison,
    value: &SearchValue,
    context: &SearchContext<'_>,
) -> Result<Node, SearchFault> {
    let with = match value {
        SearchValue::Range { from, to } => Known::Range(*from, *to),
        other => Known::Value(fill(other, context)?),
    };
    Ok(match subject {
        SearchSubject::Field(name) => Node::Field(name.clone(), operator, with),
        SearchSubject::Relation(name) => Node::Relation(name.clone(), operator, with),
        SearchSubject::Context(asked) => {
            let held = holds(operator, contextual(asked, context)?.as_ref(), &with);
            Node::Fixed(held.map_err(|_| incomparable(&asked.property, operator)))
        }
    })
}

fn fill(value: &SearchValue, context: &SearchContext<'_>) -> Result<Value, SearchFault> {
    Ok(match value {
        SearchValue::Literal(value) => value.clone(),
        SearchValue::Template(template) => template.fill(&context.root)?,
        SearchValue::List(items) => {
            Value::List(items.iter().map(|item| fill(item, context)).collect::<Result<Vec<_>, _>>()?.into())
        }
        // What is compared with must be there: two people without a department are not of one department.
        SearchValue::Context(asked) => contextual(asked, context)?
            .filter(|value| !value.is_null())
            .ok_or_else(|| SearchFault::NoSuchContext(asked.property.clone()))?,
        SearchValue::Range { .. } => return Err(SearchFault::TooMuch), // taken by its only caller before
    })
}

/// A property of who asks, or of each of their teams.
fn contextual(asked: &Contextual, context: &SearchContext<'_>) -> Result<Option<Value>, SearchFault> {
    let user = context.user.as_ref().ok_or(SearchFault::NobodyAsks)?;
    Ok(match asked.whose {
        Whose::User => field_of(user, &asked.property).cloned(),
        Whose::UserTeams => {
            let of_teams = context.teams.iter().filter_map(|team| field_of(team, &asked.property));
            Some(Value::List(of_teams.flat_map(items).cloned().collect()))
        }
    })
}

/// A property or a meta-property of an entity that is at hand as a value.
pub(crate) fn field_of<'v>(entity: &'v Value, name: &str) -> Option<&'v Value> {
    match name.strip_prefix('$') {
        Some(meta @ ("identifier" | "title" | "icon" | "blueprint" | "team")) => entity.get(meta),
        Some(_) => None,
        None => entity.get("properties").and_then(|properties| properties.get(name)),
    }
}

fn identifiers(value: &SearchValue, context: &SearchContext<'_>) -> Result<Vec<Identifier>, SearchFault> {
    let filled = fill(value, context)?;
    // What is no identifier names no entity.
    Ok(items(&filled).iter().filter_map(|item| Identifier::new(item.as_str()?).ok()).collect())
}

fn keys(blueprint: &Identifier, value: &SearchValue, context: &SearchContext<'_>) -> Result<Vec<EntityKey>, SearchFault> {
    let all = identifiers(value, context)?;
    Ok(all.into_iter().map(|identifier| EntityKey { blueprint: blueprint.clone(), identifier }).collect())
}
