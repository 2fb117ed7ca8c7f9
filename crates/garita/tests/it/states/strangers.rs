//! What people of one pool hold, brought to another pool of another account: nothing of it is worth anything there.
//!
//! Every row is asked at the other pool, its clients and its stage, with what rests on a person taken from the first one,
//! cookies under the names that they have there. People of both have the same names, and other passwords.

use super::doors::Browser;
use super::kept::Kept;
use super::state::Thing::{self, Client, Key, Pool};
use super::world::World;
use super::{Row, api, ask, rows};

/// Whether a request says for which pool, client or account it is. One with an access token, or with the session of a
/// challenge alone, is about whose that is, wherever it is sent.
fn says_where(row: &Row<Thing>) -> bool {
    let at_api = api::ROWS.iter().any(|held| held.endpoint == row.endpoint);
    let by_token = at_api && row.endpoint != "AssumeRoleWithWebIdentity" && row.rests_on.contains(&Key);
    let by_session = at_api && row.variant == "with a session";
    !(by_token || by_session || row.endpoint.ends_with(" /oauth2/userInfo"))
}

/// Cookies of a browser under the names that they would have at the other pool and its stage.
fn renamed(browser: &Browser, from: &World, to: &World) -> Browser {
    let new = |name: &str| name.replace(&from.pool, &to.pool).replace(from.api, to.api);
    let cookies = browser
        .0
        .iter()
        .flat_map(|(name, value)| [(name.clone(), value.clone()), (new(name), value.clone())]);
    Browser(cookies.collect())
}

/// What people of `from` hold, at the places of `to` and with the clients there.
fn moved(from: World, to: &World) -> World {
    let there = |browser: &Browser| renamed(browser, &from, to);
    let (browser, at_stage, vouched_browser) =
        (there(&from.browser), there(&from.at_stage), there(&from.vouched_browser));
    let coming_back = (there(&from.coming_back.0), from.coming_back.1.clone());
    let steps = from.steps.iter();
    let steps =
        steps.map(|(page, (browser, flow))| (*page, (there(browser), flow.replace(&from.pool, &to.pool))));
    let steps = steps.collect();
    let (ui, app, job) = (to.ui.clone(), to.app.clone(), to.job.clone());
    let (doors, pool, api) = (to.doors.clone(), to.pool.clone(), to.api);
    World { browser, at_stage, vouched_browser, coming_back, steps, ui, app, job, doors, pool, api, ..from }
}

/// What the rows answer that are asked at the places of another pool and must not be as good as `good`.
struct Attempt<'a> {
    brought: &'a World,
    /// Everything there is, and what of it is the first pool's.
    kept: &'a Kept,
    own: &'a Kept,
    good: &'a [String],
}

impl Attempt<'_> {
    /// How many were refused of those that are `about` the other pool and `must_be`; what was not, or took something
    /// from the first pool, stands in the message of a panic.
    async fn refused(
        &self,
        about: impl Fn(&Row<Thing>) -> bool,
        must_be: impl Fn(&Row<Thing>) -> bool,
    ) -> usize {
        let garita = &self.brought.doors.garita;
        let (mut refused, mut wrong) = (0, Vec::new());
        for (row, good) in rows().zip(self.good) {
            let answer = ask(self.brought, row).await;
            if about(row) && must_be(row) {
                refused += 1;
                if answer == *good {
                    wrong.push(format!("{} lets in: {answer}", row.name()));
                }
            }
            if about(row) {
                let lost = self.own.lost(garita).into_iter();
                wrong.extend(lost.map(|lost| format!("{} changes {:?}", row.name(), lost.key())));
            }
            self.kept.put_back(garita).await;
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        refused
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_one_pool_is_good_at_another() {
    let mut good = Vec::new();
    let world = World::new().await;
    let kept = Kept::of(&world.doors.garita);
    for row in rows() {
        good.push(ask(&world, row).await);
        kept.put_back(&world.doors.garita).await;
    }
    let theirs = World::new().await;
    let own = Kept::of(&theirs.doors.garita);
    let there = theirs.another().await;
    let kept = Kept::of(&there.doors.garita);
    let clients = (theirs.ui.clone(), theirs.app.clone(), theirs.job.clone());
    let mut brought = moved(theirs, &there);
    let of_people = |row: &Row<Thing>| row.rests_on.iter().any(|thing| !matches!(thing, Pool | Client));
    let attempt = Attempt { brought: &brought, kept: &kept, own: &own, good: &good };
    let refused = attempt.refused(says_where, of_people).await;
    assert!(refused > 60, "{refused} rows");
    // With their own clients, which are not known in the other pool's folder, nor to who administers it.
    (brought.ui, brought.app, brought.job) = clients;
    let by_pool = |row: &Row<Thing>| row.endpoint.contains("{pool}") || row.endpoint.starts_with("Admin");
    let of_client = |row: &Row<Thing>| row.rests_on.contains(&Client);
    let attempt = Attempt { brought: &brought, kept: &kept, own: &own, good: &good };
    let refused = attempt.refused(by_pool, of_client).await;
    assert!(refused > 40, "{refused} rows");
}
