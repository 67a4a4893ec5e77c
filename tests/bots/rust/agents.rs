// SPDX-License-Identifier: Apache-2.0
//! A library of agents: functions, methods, a trait, generics, and a C interface.

use std::ffi::CStr;
use std::os::raw::{c_char, c_int};

pub trait Agent {
    fn answer(&self, question: &str) -> String;
}

pub mod memory {
    pub struct Memory {
        pub facts: Vec<String>,
    }

    #[inline(never)]
    pub fn run(query: &str) -> usize {
        query.len()
    }

    impl Memory {
        #[inline(never)]
        pub fn recall(&self, n: usize) -> &str {
            &self.facts[n]
        }
    }

    impl super::Agent for Memory {
        #[inline(never)]
        fn answer(&self, question: &str) -> String {
            format!("{} {}", question, self.facts.len())
        }
    }
}

pub mod search {
    #[inline(never)]
    pub fn run(query: &str) -> usize {
        query.len() * 2
    }
}

/// # Safety
/// `text` is a C string.
#[no_mangle]
pub unsafe extern "C" fn agents_score(text: *const c_char, weight: c_int) -> c_int {
    CStr::from_ptr(text).to_bytes().len() as c_int * weight
}
