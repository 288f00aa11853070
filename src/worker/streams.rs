//! Keeps the channel clean: the real standard output becomes the channel, and everything that prints afterwards, the
//! drivers' own C code included, lands on standard error.

use std::fs::File;
use std::io;

/// Takes standard output for the channel and turns it to standard error for everybody else.
///
/// # Errors
/// Where the system refuses to duplicate the stream.
#[cfg(unix)]
pub fn take_stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    let channel = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(io::stderr().as_fd())?;
    Ok(File::from(channel))
}

/// Takes standard output for the channel and turns it to standard error for everybody else.
///
/// # Errors
/// Where the system refuses to duplicate the stream.
#[cfg(windows)]
pub fn take_stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    let channel = io::stdout().as_handle().try_clone_to_owned()?;
    redirect::stdout_to_stderr()?;
    Ok(File::from(channel))
}

#[cfg(windows)]
mod redirect {
    //! The only way on Windows is a call of the system's own, which the standard library does not offer.
    #![allow(unsafe_code, reason = "SetStdHandle has no safe wrapper")]

    use windows_sys::Win32::System::Console::{
        GetStdHandle, STD_ERROR_HANDLE, STD_OUTPUT_HANDLE, SetStdHandle,
    };

    pub fn stdout_to_stderr() -> std::io::Result<()> {
        // SAFETY: both calls take and give handles of this process by value and touch no memory of ours; the handle of
        // standard error stays open as long as the process lives.
        let done = unsafe { SetStdHandle(STD_OUTPUT_HANDLE, GetStdHandle(STD_ERROR_HANDLE)) };
        if done == 0 {
            Err(std::io::Error::last_os_error())
        } else {
            Ok(())
        }
    }
}
