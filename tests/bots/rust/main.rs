// SPDX-License-Identifier: Apache-2.0
//! Calls what agents.rs has.

use agents::memory::Memory;
use agents::Agent;
use std::ffi::CString;

fn main() {
    let memory = Memory { facts: vec!["sleeps".to_string(), "runs".to_string()] };
    let text = CString::new("score me").unwrap();

    println!("{} {}", agents::memory::run("query"), agents::search::run("query"));
    println!("{} {}", memory.recall(1), memory.answer("how many?"));
    println!("{}", unsafe { agents::agents_score(text.as_ptr(), 3) });
}
