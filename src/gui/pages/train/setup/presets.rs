//! Setups to begin with.

use crate::setup::{
    CnnSetup, DatasetSetup, MlpSetup, ModelSetup, Schedule, Setup, ShapesSetup, SplitSetup,
};

/// A setup to begin with.
pub struct Preset {
    /// Its name.
    pub title: &'static str,
    /// What it is for.
    pub hint: &'static str,
    build: fn(&mut Setup),
}

impl Preset {
    /// Its setup; the device stays that of `now`, which is chosen for the machine and not for what is learnt.
    pub fn setup(&self, now: &Setup) -> Setup {
        let mut setup = Setup {
            device: now.device.clone(),
            measure: now.measure.clone(),
            ..Setup::default()
        };
        (self.build)(&mut setup);
        setup
    }
}

/// Every preset, the default first.
pub const ALL: [Preset; 7] = [
    Preset {
        title: "Digits, small CNN (default)",
        hint: "Handwritten digits; about 98 % within seconds",
        build: |_| {},
    },
    Preset {
        title: "Digits, MLP",
        hint: "The same digits without convolutions, to compare",
        build: |setup| setup.model = ModelSetup::Mlp(MlpSetup::default()),
    },
    Preset {
        title: "Breast cancer, MLP",
        hint: "A table of 30 features instead of pictures",
        build: |setup| {
            setup.dataset = DatasetSetup::BreastCancer(SplitSetup::default());
            setup.model = ModelSetup::Mlp(MlpSetup {
                hidden: vec![32],
                ..MlpSetup::default()
            });
            setup.regime.batch_size = 32;
        },
    },
    Preset {
        title: "Shapes, CNN",
        hint: "Painted shapes of 28×28 pixels; minutes on a CPU",
        build: |setup| {
            setup.dataset = DatasetSetup::Shapes(ShapesSetup::default());
            setup.model = ModelSetup::Cnn(CnnSetup {
                channels: vec![16, 32, 64],
                ..CnnSetup::default()
            });
            setup.regime.stop.epochs = Some(10);
        },
    },
    Preset {
        title: "Reach 97 % and stop",
        hint: "What an accuracy costs, not a number of epochs",
        build: |setup| {
            setup.regime.stop.target = Some(0.97);
            setup.regime.stop.epochs = Some(100);
        },
    },
    Preset {
        title: "Energy budget 200 J",
        hint: "How far one gets with a given energy",
        build: |setup| {
            setup.regime.stop.epochs = None;
            setup.regime.stop.energy_j = Some(200.0);
        },
    },
    Preset {
        title: "One cycle, half the epochs",
        hint: "A rate that rises and falls can save epochs",
        build: |setup| {
            setup.regime.schedule.kind = Schedule::OneCycle;
            setup.regime.learning_rate = 0.01;
            setup.regime.stop.epochs = Some(15);
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_possible_with_its_data() {
        for preset in &ALL {
            let setup = preset.setup(&Setup::default());
            let info = crate::data::describe(&setup.dataset).expect(preset.title);
            let counts = info.counts();
            if let Err(problems) = setup.validate_with(&counts) {
                panic!("{}: {problems}", preset.title);
            }
        }
        assert_eq!(ALL[0].setup(&Setup::default()), Setup::default());
    }
}
