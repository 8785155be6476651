//! What is read from the store for conversations, and what happens then.

use sotto_shared::content::{Body, Edit, Mention, Reaction};
use sotto_shared::{AccountId, GroupId};

use super::{Context, Conversations};
use crate::api::{ConversationEvent, ConversationFailure, From, SearchCursor, Seq};
use crate::machine::{Effect, Load};
use crate::record;
use crate::search::{self, Query};
use crate::store::{SealedStore, Store, StoreError};
use crate::time::Timestamp;
use crate::timeline::{self, Needs, Stored, StoredBody};

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineLoad(Wanted);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    /// What changes a line.
    Needs(Box<Needs>, AccountId),
    Page {
        conversation: GroupId,
        from: From,
        limit: usize,
        cleared: Seq,
        own: AccountId,
        now: Timestamp,
    },
    Search {
        query: u32,
        words: String,
        within: Option<GroupId>,
        after: Option<SearchCursor>,
        now: Timestamp,
    },
    Line {
        conversation: GroupId,
        seq: Seq,
        then: Then,
    },
}

/// What a line is read for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    Reply {
        text: String,
        mentions: Vec<Mention>,
    },
    React {
        emoji: String,
        on: bool,
    },
    Edit {
        text: String,
        mentions: Vec<Mention>,
    },
    Delete,
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineLoaded(Read);

#[derive(Debug, Clone, PartialEq)]
enum Read {
    Needs(Box<timeline::Loaded>),
    Page {
        conversation: GroupId,
        from: From,
        page: timeline::Page,
    },
    Found {
        query: u32,
        page: search::Page,
    },
    Line {
        conversation: GroupId,
        then: Then,
        line: Option<Box<Stored>>,
    },
}

impl TimelineLoad {
    /// Reads it.
    pub(crate) async fn read<S: Store>(
        self,
        store: &SealedStore<S>,
    ) -> Result<TimelineLoaded, StoreError> {
        let read = match self.0 {
            Wanted::Needs(needs, own) => {
                Read::Needs(Box::new(timeline::read(store, &needs, own).await?))
            }
            Wanted::Page {
                conversation,
                from,
                limit,
                cleared,
                own,
                now,
            } => {
                let whose = (own, now);
                let page = timeline::page(store, conversation, from, limit, cleared, whose);
                Read::Page {
                    conversation,
                    from,
                    page: page.await?,
                }
            }
            Wanted::Search {
                query,
                words,
                within,
                after,
                now,
            } => {
                let wanted = Query::new(&words, within, after);
                let page = search::find(store, &wanted, now).await?;
                Read::Found { query, page }
            }
            Wanted::Line {
                conversation,
                seq,
                then,
            } => {
                let line = store.get(&record::item(conversation, seq)).await?;
                let line = line.map(|bytes| record::decode(&bytes)).transpose()?;
                Read::Line {
                    conversation,
                    then,
                    line,
                }
            }
        };
        Ok(TimelineLoaded(read))
    }

    /// A whole timeline, for tests.
    #[cfg(test)]
    pub(crate) fn all(conversation: GroupId, own: AccountId) -> Self {
        Self(Wanted::Page {
            conversation,
            from: From::Newest,
            limit: 100_000,
            cleared: Seq(0),
            own,
            now: Timestamp(0),
        })
    }
}

#[cfg(test)]
impl TimelineLoaded {
    /// The lines of a page.
    pub(crate) fn items(self) -> Vec<crate::api::Item> {
        match self.0 {
            Read::Page { page, .. } => page.items,
            _ => Vec::new(),
        }
    }
}

impl Conversations {
    fn load(&mut self, wanted: Wanted) {
        let load = Load::Timeline(TimelineLoad(wanted));
        self.step.effects.push(Effect::Load(load));
    }

    pub(super) fn load_needs(&mut self, needs: Needs) {
        let own = self.own_account();
        self.load(Wanted::Needs(Box::new(needs), own));
    }

    pub(super) fn load_page(&mut self, id: GroupId, from: From, limit: u16, now: Timestamp) {
        let cleared = self.timelines.get(id).map_or(Seq(0), |it| it.cleared());
        self.load(Wanted::Page {
            conversation: id,
            from,
            limit: usize::from(limit),
            cleared,
            own: self.own_account(),
            now,
        });
    }

    pub(super) fn load_found(
        &mut self,
        query: u32,
        words: String,
        within: Option<GroupId>,
        after: Option<SearchCursor>,
        now: Timestamp,
    ) {
        self.load(Wanted::Search {
            query,
            words,
            within,
            after,
            now,
        });
    }

    pub(super) fn load_line(&mut self, conversation: GroupId, seq: Seq, then: Then) {
        self.load(Wanted::Line {
            conversation,
            seq,
            then,
        });
    }

    /// Something was read from the store.
    pub(in crate::machine) fn loaded(&mut self, loaded: TimelineLoaded, context: Context<'_>) {
        match loaded.0 {
            Read::Needs(loaded) => self.timeline_loaded(*loaded, context.now),
            Read::Page {
                conversation,
                from,
                page,
            } => {
                let mut items = page.items;
                let is_newest = match from {
                    From::Newest => true,
                    From::Before(_) => false,
                    From::After(_) => !page.more,
                };
                if is_newest {
                    items.extend(self.pending_items(conversation));
                }
                self.tell(ConversationEvent::Page {
                    conversation,
                    from,
                    items,
                    more: page.more,
                });
            }
            Read::Found { query, page } => self.tell(ConversationEvent::Found {
                query,
                hits: page.hits,
                more: page.more,
            }),
            Read::Line {
                conversation,
                then,
                line,
            } => {
                if let Err(failure) = self.line_read(conversation, then, line, context.now) {
                    self.fail(failure);
                }
            }
        }
    }

    fn line_read(
        &mut self,
        id: GroupId,
        then: Then,
        line: Option<Box<Stored>>,
        now: Timestamp,
    ) -> Result<(), ConversationFailure> {
        const MISSING: ConversationFailure = ConversationFailure::NoSuchMessage;
        let line = line.ok_or(MISSING)?;
        let content = line.content.ok_or(MISSING)?;
        if !matches!(line.body, StoredBody::Text { .. }) {
            return Err(MISSING);
        }
        let own = self.own_account();
        let body = match then {
            Then::Reply { text, mentions } => {
                return self.send(id, text, mentions, Some(content), now);
            }
            Then::React { emoji, on } => Body::Reaction(Reaction {
                to: content,
                emoji,
                removed: !on,
            }),
            Then::Edit { .. } if line.author != own => return Err(MISSING),
            Then::Edit { text, mentions } => Body::Edit(Edit {
                of: content,
                text,
                mentions,
            }),
            Then::Delete if line.author != own && !self.is_admin(id, own) => {
                return Err(ConversationFailure::NotAdmin);
            }
            Then::Delete => Body::Deletion(content),
        };
        self.enqueue_body(id, body, now);
        Ok(())
    }

    pub(super) fn is_admin(&self, id: GroupId, account: AccountId) -> bool {
        self.all.get(&id).is_some_and(|it| {
            let mut members = it.stored.members.iter();
            members.any(|member| member.account == account && member.admin)
        })
    }
}
