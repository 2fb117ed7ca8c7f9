//! What they hold that comes of the stage.

use super::super::doors::{Browser, SITE};
use super::{PAGE, Waiting, World};

impl World {
    /// What comes of the stage.
    pub(super) async fn hold_at_stage(&mut self) {
        self.at_stage = self.at_stage_with(&self.browser).await;
        self.coming_back = self.begun_at_stage(&self.browser).await;
        let token = format!("Bearer {}", self.tokens.id);
        let target = "/prod/api/2.0/mlflow-artifacts/presigned/1/r/artifacts/a.bin";
        let bearer = [("authorization", token.as_str())];
        let reply = self.doors.at_gate(&mut Browser::default(), "GET", target, &bearer).await;
        let given = reply.json();
        let url = given["url"].as_str().unwrap_or_else(|| panic!("{reply:?}"));
        self.link = url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap();
    }

    /// A sign-in at the stage that wants but its end, of a browser that is signed in at the pool.
    async fn begun_at_stage(&self, at_pool: &Browser) -> Waiting {
        let (mut at_gate, mut at_pool) = (Browser::default(), at_pool.clone());
        let target = "/prod/garita/sign-in?to=%2F&at=";
        let led = self.doors.at_gate(&mut at_gate, "GET", target, &PAGE).await.location.unwrap();
        let asked = led.strip_prefix(SITE).unwrap();
        let back = self.doors.get(&mut at_pool, asked).await.location.unwrap();
        let back = back.strip_prefix("http://localhost").unwrap_or_else(|| panic!("{back}")).to_owned();
        (at_gate, back)
    }

    /// The whole of one.
    pub(crate) async fn at_stage_with(&self, at_pool: &Browser) -> Browser {
        let (mut browser, back) = self.begun_at_stage(at_pool).await;
        let reply = self.doors.at_gate(&mut browser, "GET", &back, &PAGE).await;
        assert_eq!(reply.status, 303, "{}", reply.body);
        assert!(browser.0.contains_key(&format!("__Host-garita-stage-{}", self.api)));
        browser
    }
}
