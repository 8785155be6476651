//! What the gateway answered.

use sotto_shared::sotto::{Error, ErrorCode, Response};

use super::{Asked, Context, Conversations};

impl Conversations {
    pub(super) fn answered(&mut self, asked: Asked, response: Response, context: Context<'_>) {
        if let Asked::Create(id)
        | Asked::Info(id)
        | Asked::Claim(id, _)
        | Asked::Commit(id, _)
        | Asked::Send(id, _) = &asked
            && let Some(conversation) = self.all.get_mut(id)
        {
            conversation.live.is_asked = false;
        }
        match (asked, response) {
            (asked, Response::Error(error)) => self.not_done(asked, &error, context),
            (Asked::CountPackages(_), Response::KeyPackagesLeft(left)) => {
                self.packages_counted(left, context);
            }
            (Asked::Publish(_), Response::KeyPackagesLeft(_))
            | (Asked::Acknowledge | Asked::Ephemeral, Response::Done) => {}
            (Asked::Groups, Response::Groups(groups, more)) => {
                self.groups_told(&groups, more, context);
            }
            (Asked::Devices(asked), Response::DevicesOf(told)) => {
                self.directory.take(&asked, told);
            }
            (Asked::Create(id), Response::GroupOpened(opened)) => {
                self.group_opened(id, opened, context);
            }
            (Asked::Info(id), Response::GroupInfo(info)) => self.info_told(id, &info, context),
            (Asked::Claim(id, devices), Response::KeyPackages(packages)) => {
                self.claimed(id, &devices, &packages, context);
            }
            (Asked::Commit(id, send_id), Response::Stored(at)) => {
                self.commit_stored(id, send_id, at, context);
            }
            (Asked::Send(id, number), Response::Stored(at)) => {
                self.message_stored(id, number, at, context.now);
            }
            (_, _) => self.give_up_connection(),
        }
    }

    fn not_done(&mut self, asked: Asked, error: &Error, context: Context<'_>) {
        match asked {
            // What nobody waits for may be refused: there is another time.
            Asked::CountPackages(_)
            | Asked::Publish(_)
            | Asked::Groups
            | Asked::Acknowledge
            | Asked::Ephemeral => {}
            Asked::Devices(asked) => {
                self.directory.missed(&asked);
                // Whoever waits for them asks again after a pause.
                for conversation in self.all.values_mut() {
                    if !conversation.live.is_asked && conversation.live.hold.is_none() {
                        conversation.live.hold = Some(context.now + super::RETRY);
                    }
                }
            }
            Asked::Create(id) => self.not_created(id, error, context),
            Asked::Info(id) => self.not_informed(id, error, context),
            Asked::Claim(id, _) => self.hold(id, error, context.now),
            Asked::Commit(id, send_id) => self.commit_refused(id, send_id, error, context),
            Asked::Send(id, number) => self.message_refused(id, number, error, context),
        }
        if error.code == ErrorCode::NotAuthenticated {
            self.give_up_connection();
        }
    }
}
