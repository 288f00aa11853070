//! A card's handle together with the library that it belongs to, and the one call that the safe binding lacks.
#![allow(
    unsafe_code,
    reason = "a handle borrows from its library, which no safe type here can express; and the binding asks for fields \
              without their scope, so that a module's or the memory's power cannot be had through it"
)]

use std::{ffi::c_int, mem, sync::Arc};

use nvml_wrapper::{
    Device, Nvml, enums::device::SampleValue, error::NvmlError,
    struct_wrappers::device::FieldValueSample,
};

/// A card, looked up once: an index may come to mean another card, a handle stays with its own.
#[derive(Debug)]
pub(super) struct Handle {
    /// Borrows from `library`, and is never lent out for longer than `self`.
    device: Device<'static>,
    library: Arc<Nvml>,
}

/// A field of the management library, and which part of the device it is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its number in NVIDIA's header, `NVML_FI_DEV_…`.
    pub id: u32,
    /// `NVML_POWER_SCOPE_…`: 0 the GPU, 1 the module, 2 the memory.
    pub scope: u32,
}

impl Handle {
    /// The card with this index in the library's list.
    pub fn at_index(library: &Arc<Nvml>, index: u32) -> Result<Self, NvmlError> {
        Self::find(library, |nvml| nvml.device_by_index(index))
    }

    /// The card at this address, such as `0000:01:00.0`; no other card is touched.
    pub fn at_address(library: &Arc<Nvml>, address: String) -> Result<Self, NvmlError> {
        Self::find(library, |nvml| nvml.device_by_pci_bus_id(address))
    }

    fn find(
        library: &Arc<Nvml>,
        look_up: impl FnOnce(&'static Nvml) -> Result<Device<'static>, NvmlError>,
    ) -> Result<Self, NvmlError> {
        let library = Arc::clone(library);
        // SAFETY: the library lies on the heap at a fixed place and lives for as long as `library`, which is kept
        // beside the device. The device has no destructor, and is only lent for the lifetime of `self`.
        let forever: &'static Nvml = unsafe { &*Arc::as_ptr(&library) };
        let device = look_up(forever)?;
        Ok(Self { device, library })
    }

    /// The card, to be asked through the safe binding.
    pub fn device(&self) -> &Device<'_> {
        &self.device
    }

    /// The values of `fields`, all in one call; `None` where the card or the driver has no such field.
    pub fn fields(&self, fields: &[Field]) -> Vec<Option<f64>> {
        let nothing = || vec![None; fields.len()];
        let (Ok(ask), Ok(count)) = (
            self.library.lib().nvmlDeviceGetFieldValues.as_ref(),
            c_int::try_from(fields.len()),
        ) else {
            return nothing();
        };
        let entries = fields.iter().map(|field| {
            // SAFETY: the function's argument is a C struct of numbers and a union of numbers: zeros are a value.
            let mut entry = unsafe { blank(ask) };
            entry.fieldId = field.id;
            entry.scopeId = field.scope;
            // An entry that the driver leaves alone is no success.
            entry.nvmlReturn = NvmlError::Unknown.into();
            entry
        });
        let mut entries: Vec<_> = entries.collect();
        // SAFETY: the handle belongs to this library, which is initialised as long as it lives, and `entries` holds
        // `count` entries that the library may write to.
        let status = unsafe { ask(self.device.handle(), count, entries.as_mut_ptr()) };
        if nvml_wrapper::error::nvml_try(status).is_err() {
            return nothing();
        }
        entries
            .into_iter()
            .map(|entry| FieldValueSample::try_from(entry).ok()?.value.ok())
            .map(|value| value.map(|value| number(&value)))
            .collect()
    }
}

/// A zeroed entry of the type that `ask` takes, which the binding does not name.
///
/// # Safety
/// All zeros must be a value of `T`.
unsafe fn blank<D, T, R>(_ask: &unsafe extern "C" fn(D, c_int, *mut T) -> R) -> T {
    // SAFETY: as the caller says.
    unsafe { mem::zeroed() }
}

fn number(value: &SampleValue) -> f64 {
    match *value {
        SampleValue::F64(value) => value,
        SampleValue::U32(value) => f64::from(value),
        SampleValue::U64(value) => value as f64,
        SampleValue::I64(value) => value as f64,
    }
}
