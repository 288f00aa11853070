//! Small pictures of what does not depend on the machine, drawn on a software adapter and compared with those in the
//! repository. `UPDATE_SNAPSHOTS=1 cargo test --release --test window` writes them anew.

