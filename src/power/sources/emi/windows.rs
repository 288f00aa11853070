//! Finds the energy meters of Windows and asks them. What they answer is made sense of elsewhere.
#![allow(
    unsafe_code,
    reason = "neither listing device interfaces nor DeviceIoControl has a safe wrapper in the standard library"
)]

use std::{
    ffi::OsString,
    fs::{File, OpenOptions},
    io,
    os::windows::{ffi::OsStringExt, fs::OpenOptionsExt, io::AsRawHandle},
    path::{Path, PathBuf},
    ptr::{null, null_mut},
};

use windows_sys::{
    Win32::{
        Devices::DeviceAndDriverInstallation::{
            DIGCF_DEVICEINTERFACE, DIGCF_PRESENT, HDEVINFO, SP_DEVICE_INTERFACE_DATA,
            SP_DEVICE_INTERFACE_DETAIL_DATA_W, SetupDiDestroyDeviceInfoList,
            SetupDiEnumDeviceInterfaces, SetupDiGetClassDevsW, SetupDiGetDeviceInterfaceDetailW,
        },
        Foundation::{ERROR_NO_MORE_ITEMS, INVALID_HANDLE_VALUE},
        Storage::FileSystem::{FILE_SHARE_READ, FILE_SHARE_WRITE},
        System::IO::DeviceIoControl,
    },
    core::GUID,
};

use super::{Device, Question};

/// `GUID_DEVICE_ENERGY_METER`.
const ENERGY_METER: GUID = GUID::from_u128(0x45BD_8344_7ED6_49CF_A440_C276_C933_B053);
/// The path of a device interface is far shorter.
const MAX_PATH_BYTES: u32 = 1 << 16;

/// Every energy meter.
pub(super) fn devices() -> io::Result<Vec<super::Opened>> {
    let paths = interfaces(&ENERGY_METER)?;
    Ok(paths.into_iter().map(|path| open(&path)).collect())
}

fn open(path: &Path) -> super::Opened {
    let file = OpenOptions::new()
        .read(true)
        .share_mode(FILE_SHARE_READ | FILE_SHARE_WRITE)
        .open(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{error}: {}", path.display())))?;
    Ok(Box::new(OpenMeter(file)))
}

struct OpenMeter(File);

impl Device for OpenMeter {
    fn ask(&mut self, question: Question, room: usize) -> io::Result<Vec<u8>> {
        let mut answer = vec![0_u8; room];
        let room = u32::try_from(room).map_err(io::Error::other)?;
        let mut written = 0;
        // SAFETY: the handle is open as long as the file is; `answer` has `room` bytes that may be written; nothing is
        // given in, and without an OVERLAPPED the call is over when it returns.
        let done = unsafe {
            DeviceIoControl(
                self.0.as_raw_handle(),
                question.code(),
                null(),
                0,
                answer.as_mut_ptr().cast(),
                room,
                &raw mut written,
                null_mut(),
            )
        };
        if done == 0 {
            return Err(io::Error::last_os_error());
        }
        answer.truncate(written as usize);
        Ok(answer)
    }
}

/// A list of device interfaces, given back when it is dropped.
struct List(HDEVINFO);

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: the list was given by SetupDiGetClassDevsW and is given back once.
        unsafe { SetupDiDestroyDeviceInfoList(self.0) };
    }
}

/// Paths of the interfaces of the class `class` that are present.
pub(in super::super) fn interfaces(class: &GUID) -> io::Result<Vec<PathBuf>> {
    // SAFETY: the class outlives the call; the other arguments may be null.
    let list = unsafe {
        SetupDiGetClassDevsW(
            class,
            null(),
            null_mut(),
            DIGCF_PRESENT | DIGCF_DEVICEINTERFACE,
        )
    };
    if list == INVALID_HANDLE_VALUE as HDEVINFO {
        return Err(io::Error::last_os_error());
    }
    let list = List(list);
    let mut paths = Vec::new();
    for index in 0.. {
        let mut interface = SP_DEVICE_INTERFACE_DATA {
            cbSize: size_of::<SP_DEVICE_INTERFACE_DATA>() as u32,
            ..SP_DEVICE_INTERFACE_DATA::default()
        };
        // SAFETY: list and class are alive; `interface` says its own size and may be written.
        let one = unsafe {
            SetupDiEnumDeviceInterfaces(list.0, null(), class, index, &raw mut interface)
        };
        if one == 0 {
            let error = io::Error::last_os_error();
            if error.raw_os_error() == Some(ERROR_NO_MORE_ITEMS as i32) {
                break;
            }
            return Err(error);
        }
        if let Some(path) = path(&list, &interface) {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn path(list: &List, interface: &SP_DEVICE_INTERFACE_DATA) -> Option<PathBuf> {
    let mut needs = 0;
    // SAFETY: without a buffer the call only tells the size that one needs.
    unsafe {
        SetupDiGetDeviceInterfaceDetailW(
            list.0,
            interface,
            null_mut(),
            0,
            &raw mut needs,
            null_mut(),
        )
    };
    let header = size_of::<SP_DEVICE_INTERFACE_DETAIL_DATA_W>() as u32;
    if needs < header || needs > MAX_PATH_BYTES {
        return None;
    }
    // In words of four bytes, so that the header's first field is aligned.
    let mut buffer = vec![0_u32; (needs as usize).div_ceil(4)];
    // The size of the header, not of the buffer: that is how the call tells the versions of the structure apart.
    buffer[0] = header;
    // SAFETY: the buffer has at least `needs` bytes, is aligned for the structure and says the structure's size.
    let done = unsafe {
        SetupDiGetDeviceInterfaceDetailW(
            list.0,
            interface,
            buffer.as_mut_ptr().cast(),
            needs,
            null_mut(),
            null_mut(),
        )
    };
    if done == 0 {
        return None;
    }
    // The path follows the size, in UTF-16 up to a zero.
    let units: Vec<u16> = buffer[1..]
        .iter()
        .flat_map(|word| [(word & 0xFFFF) as u16, (word >> 16) as u16])
        .take_while(|unit| *unit != 0)
        .collect();
    Some(OsString::from_wide(&units).into())
}
