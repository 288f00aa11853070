//! What the driver's errors mean to a user, and how each can be mended.

use nvml_wrapper::error::NvmlError;

use crate::power::Refusal;

/// Why the library cannot be used.
pub(super) fn of_library(error: &NvmlError) -> Refusal {
    match error {
        NvmlError::LibloadingError(_) => {
            Refusal::new(format!("the NVIDIA management library is not there: {error}")).with_remedy(
                "where there is an NVIDIA card: install NVIDIA's driver, which brings the library along; \
                 JOULELAB_NVML_LIBRARY names it where it is in an odd place",
            )
        }
        NvmlError::FailedToLoadSymbol(_) => Refusal::new(format!(
            "the NVIDIA management library is too old, or another library under its name: {error}"
        ))
        .with_remedy("update NVIDIA's driver"),
        NvmlError::DriverNotLoaded => Refusal::new("NVIDIA's kernel driver is not loaded")
            .with_remedy("load it (sudo modprobe nvidia) or restart after an update of the driver"),
        NvmlError::LibRmVersionMismatch => {
            Refusal::new("NVIDIA's library and kernel driver are of different versions")
                .with_remedy("restart the machine after an update of the driver")
        }
        NvmlError::NoPermission => {
            Refusal::new("the NVIDIA driver does not let this user ask it").with_remedy(OPEN_UP)
        }
        other => Refusal::new(format!("the NVIDIA management library does not start: {other}")),
    }
}

const OPEN_UP: &str = "let this user, container or job use the card: it needs to read and write /dev/nvidiactl and \
                       /dev/nvidia0, /dev/nvidia1, …";

/// Why a card cannot be asked, where the driver's answer says that plainly.
pub(super) fn of_card(error: &NvmlError) -> Option<Refusal> {
    Some(match error {
        NvmlError::GpuLost => Refusal::new("the GPU is lost: it fell off the bus or does not answer")
            .with_remedy("look for `Xid` in the kernel's log, and restart the machine"),
        NvmlError::ResetRequired => Refusal::new("the card must be reset before it can be used")
            .with_remedy("sudo nvidia-smi --gpu-reset, or restart the machine"),
        NvmlError::NoPermission => {
            Refusal::new("the driver does not let this user ask the card").with_remedy(OPEN_UP)
        }
        NvmlError::OperatingSystem => {
            Refusal::new("the operating system keeps this program from the card (a container's or a job's limits)")
                .with_remedy(OPEN_UP)
        }
        NvmlError::InsufficientPower => Refusal::new("the card's power cables are not plugged in")
            .with_remedy("switch the machine off and connect them"),
        NvmlError::IrqIssue => Refusal::new("the card's interrupts do not arrive")
            .with_remedy("look for messages of NVRM in the kernel's log"),
        NvmlError::NotFound => Refusal::new("the driver does not know this card")
            .with_remedy("it may belong to another driver, such as one that lends it to a virtual machine"),
        _ => return None,
    })
}

/// Why a card cannot be opened.
pub(super) fn of_opening(error: &NvmlError) -> Refusal {
    of_card(error)
        .unwrap_or_else(|| Refusal::new(format!("the driver does not open the card: {error}")))
}

/// Why a card has neither an energy counter nor a power reading.
pub(super) fn of_readings(counter: &NvmlError, power: &NvmlError) -> Refusal {
    if let Some(refusal) = of_card(counter).or_else(|| of_card(power)) {
        return refusal;
    }
    Refusal::new(format!(
        "neither energy counter ({counter}) nor power ({power}); some laptop and small cards have no sensor"
    ))
    .with_remedy("say what it draws at full load (--gpu-power): the model is the better for it")
}
