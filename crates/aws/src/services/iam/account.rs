//! The account as a whole: its alias, and what it has.

use garita_model::AccountAlias;
use garita_wire::protocol::xml::XmlWriter;

use super::more;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

pub(crate) async fn create_alias(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.create_account_alias(call.cx, call.parsed("AccountAlias")?).await?;
    Ok(Answer::done())
}

pub(crate) async fn delete_alias(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.delete_account_alias(call.cx, call.parsed("AccountAlias")?).await?;
    Ok(Answer::done())
}

pub(crate) async fn list_aliases(call: Call<'_>) -> Result<Answer, Refusal> {
    let page = call.app.list_account_aliases(call.cx, &call.page()?)?;
    Ok(Answer::result(move |result| {
        result.texts("AccountAliases", page.items.iter().map(AccountAlias::as_str));
        more(result, page.marker.as_deref());
    }))
}

pub(crate) async fn summary(call: Call<'_>) -> Result<Answer, Refusal> {
    let counts = call.app.account_summary(call.cx)?;
    Ok(Answer::result(move |result| {
        result.element("SummaryMap", |map| {
            for (name, count) in counts {
                map.element("entry", |entry| counted(entry, name, count));
            }
        });
    }))
}

fn counted(entry: &mut XmlWriter, name: &str, count: usize) {
    entry.text("key", name);
    entry.integer("value", i64::try_from(count).unwrap_or(i64::MAX));
}
