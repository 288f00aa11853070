//! The calls of Windows' performance counters (PDH). What they tell is made sense of elsewhere.
#![allow(
    unsafe_code,
    reason = "the performance counters have no safe wrapper in the standard library"
)]

use std::{
    ffi::OsString,
    io,
    os::windows::ffi::OsStringExt,
    ptr::{null, null_mut},
};

use windows_sys::{
    Win32::System::Performance::{
        PDH_CSTATUS_NEW_DATA, PDH_CSTATUS_NO_COUNTER, PDH_CSTATUS_NO_INSTANCE,
        PDH_CSTATUS_NO_OBJECT, PDH_CSTATUS_VALID_DATA, PDH_HCOUNTER, PDH_HQUERY, PDH_MORE_DATA,
        PDH_RAW_COUNTER_ITEM_W, PdhAddEnglishCounterW, PdhCloseQuery, PdhCollectQueryData,
        PdhGetRawCounterArrayW, PdhOpenQueryW,
    },
    core::{GUID, w},
};

use super::{super::emi::windows::interfaces, Counters, Instance};

/// `GUID_DEVINTERFACE_DISPLAY_ADAPTER`.
const DISPLAY_ADAPTER: GUID = GUID::from_u128(0x5B45_201D_F2F2_4F3B_85BB_30FF_1F95_3599);
/// More than all instances of this set take.
const MAX_BYTES: u32 = 1 << 22;

/// The energies of the set `Energy Meter`, by their English names whatever the language of the system.
pub(super) fn open() -> io::Result<Box<dyn Counters>> {
    let mut query: PDH_HQUERY = null_mut();
    // SAFETY: no data source means the running system; the handle may be written.
    check(unsafe { PdhOpenQueryW(null(), 0, &raw mut query) })?;
    let mut opened = Query {
        query,
        counter: null_mut(),
    };
    let path = w!(r"\Energy Meter(*)\Energy");
    // SAFETY: the query is open, the path ends in a zero, the handle may be written.
    check(unsafe { PdhAddEnglishCounterW(query, path, 0, &raw mut opened.counter) })?;
    Ok(Box::new(opened))
}

/// An open query with its one counter.
struct Query {
    query: PDH_HQUERY,
    counter: PDH_HCOUNTER,
}

// SAFETY: the handles belong to no thread, and only one thread at a time has the query.
unsafe impl Send for Query {}

impl Drop for Query {
    fn drop(&mut self) {
        // SAFETY: the query is open, and is closed once; its counter goes with it.
        unsafe { PdhCloseQuery(self.query) };
    }
}

impl Counters for Query {
    fn energies(&mut self) -> io::Result<Vec<Instance>> {
        // SAFETY: the query is open.
        check(unsafe { PdhCollectQueryData(self.query) })?;
        let (mut bytes, mut count) = (0, 0);
        // SAFETY: without a buffer the call only tells the size that one needs.
        let status = unsafe {
            PdhGetRawCounterArrayW(self.counter, &raw mut bytes, &raw mut count, null_mut())
        };
        if status != PDH_MORE_DATA {
            check(status)?;
            return Ok(Vec::new());
        }
        if bytes > MAX_BYTES {
            return Err(io::Error::other(format!("{bytes} bytes of counters")));
        }
        // In items, so that they are aligned; the names lie behind them in the same buffer.
        let room = (bytes as usize).div_ceil(size_of::<PDH_RAW_COUNTER_ITEM_W>());
        let mut buffer = vec![PDH_RAW_COUNTER_ITEM_W::default(); room];
        // SAFETY: the buffer has at least `bytes` bytes, is aligned, and may be written.
        check(unsafe {
            PdhGetRawCounterArrayW(
                self.counter,
                &raw mut bytes,
                &raw mut count,
                buffer.as_mut_ptr(),
            )
        })?;
        let instances = buffer.iter().take(count as usize).map(|item| Instance {
            // SAFETY: the call has written `count` items, whose names it put behind them; the buffer is still there.
            name: unsafe { text(item.szName) },
            energy: matches!(
                item.RawValue.CStatus,
                PDH_CSTATUS_VALID_DATA | PDH_CSTATUS_NEW_DATA
            )
            .then(|| u64::try_from(item.RawValue.FirstValue).ok())
            .flatten(),
        });
        Ok(instances.collect())
    }

    fn graphics_adapters(&mut self) -> Option<usize> {
        Some(interfaces(&DISPLAY_ADAPTER).ok()?.len())
    }
}

/// What PDH said, as an error of the system.
fn check(status: u32) -> io::Result<()> {
    match status {
        0 => Ok(()),
        PDH_CSTATUS_NO_OBJECT | PDH_CSTATUS_NO_COUNTER | PDH_CSTATUS_NO_INSTANCE => {
            let reason = "it has no performance counters of energy";
            Err(io::Error::new(io::ErrorKind::NotFound, reason))
        }
        other => Err(io::Error::other(format!("PDH status 0x{other:08x}"))),
    }
}

/// UTF-16 up to its zero.
///
/// # Safety
/// `start` is null or points to such a text.
unsafe fn text(start: *const u16) -> String {
    if start.is_null() {
        return String::new();
    }
    let mut length = 0;
    // SAFETY: the text ends in a zero, and no unit behind it is read.
    while unsafe { *start.add(length) } != 0 {
        length += 1;
    }
    // SAFETY: these are the units before the zero.
    let units = unsafe { std::slice::from_raw_parts(start, length) };
    OsString::from_wide(units).to_string_lossy().into_owned()
}
