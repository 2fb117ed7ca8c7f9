//! A number of decisions and nothing else, for counting instructions: `decisions POLICIES DECISIONS`.
//!
//! The count for many decisions less the count for none is what decisions take, whatever it took to get ready.

use std::process::ExitCode;

use garita_policy::decide;

mod world;

fn main() -> ExitCode {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let [policies, decisions] = numbers.as_slice() else {
        eprintln!("usage: decisions POLICIES DECISIONS");
        return ExitCode::from(2);
    };
    let world = match world::World::new(*policies) {
        Ok(world) => world,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let compiled = world.policies();
    debug_assert!(world.questions.iter().all(|question| question.team < *policies));
    let asked = world.questions.iter().cycle().take(*decisions);
    let allowed = asked.filter(|question| decide(&world.request(question), &compiled).is_allowed()).count();
    println!("{allowed} of {decisions} allowed");
    if allowed == *decisions { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
