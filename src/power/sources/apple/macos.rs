//! IOReport and the system management controller, through `macmon`.

use macmon::sources::{IOReport, SMC, cfio_integer_value};

use super::{Channel, Reports, Sample};

/// Power of the whole machine by the controller's own estimate, in watts.
const SYSTEM_POWER: &str = "PSTR";

/// Subscribes to the energies. Takes some tenths of a second.
pub(super) fn open() -> Result<Box<dyn Reports>, String> {
    let groups = vec![("Energy Model", None), ("CLPC", Some("Energy Counters"))];
    let report = IOReport::new(groups).map_err(|error| error.to_string())?;
    Ok(Box::new(Chip {
        report,
        // Without it, the machine as a whole is not told; its parts are.
        controller: SMC::new().ok(),
    }))
}

struct Chip {
    report: IOReport,
    controller: Option<SMC>,
}

impl Reports for Chip {
    fn sample(&mut self) -> Result<Sample, String> {
        // One sample, at once: macmon keeps the one before and gives the difference of the two.
        let mut channels = Vec::new();
        for (items, _) in self.report.get_samples(0, 1) {
            channels.extend(items.map(|item| Channel {
                added: cfio_integer_value(item.item),
                group: item.group,
                subgroup: item.subgroup,
                name: item.channel,
                unit: item.unit,
            }));
        }
        let system_w = self.controller.as_mut().map(|controller| {
            controller
                .read_float_val(SYSTEM_POWER)
                .map(f64::from)
                .map_err(|error| error.to_string())
        });
        Ok(Sample { channels, system_w })
    }
}
