//! Counts what the calling thread allocates, to show that hostile files cannot ask for memory.
#![allow(
    unsafe_code,
    reason = "an allocator can only be implemented as an unsafe trait; this one hands everything on to the system's"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn grow(bytes: usize) {
    // What another thread allocated may be freed here, so the count wraps rather than overflows.
    LIVE.set(LIVE.get().wrapping_add(bytes));
    if (LIVE.get() as isize) > PEAK.get() as isize {
        PEAK.set(LIVE.get());
    }
}

fn shrink(bytes: usize) {
    LIVE.set(LIVE.get().wrapping_sub(bytes));
}

// SAFETY: every call goes to `System` unchanged; counting touches only thread-local cells, which neither allocate nor
// have destructors.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        shrink(layout.size());
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While it is moved, both may exist.
        grow(size);
        shrink(layout.size());
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// What `work` gives, and the most bytes that this thread held at once beyond what it held before.
pub fn peak_bytes<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = LIVE.get();
    PEAK.set(before);
    let result = work();
    (result, PEAK.get().wrapping_sub(before))
}

#[test]
fn the_counter_sees_memory_come_and_go() {
    let (length, peak) = peak_bytes(|| vec![1_u8; 1_000_000].len() + vec![1_u8; 500_000].len());
    assert_eq!(length, 1_500_000);
    assert!((1_000_000..1_600_000).contains(&peak), "{peak}");
}
