//! Setups to begin with.

use crate::setup::{
    AdamWSetup, AugmentationSetup, Change, CnnSetup, DatasetSetup, Lenet5Setup, MlpSetup,
    ModelSetup, ModularAdditionSetup, MultitaskSetup, NoOptions, OptimiserSetup, RecurrentSetup,
    ResnetSetup, Schedule, SequenceCopySetup, Setup, SgdSetup, ShapesSetup, SplitSetup,
    TransformerSetup,
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
pub const ALL: [Preset; 13] = [
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
        title: "Shapes, three tasks at once",
        hint: "Shape, colour and size by one network; minutes on a CPU",
        build: |setup| {
            setup.dataset = DatasetSetup::Shapes(ShapesSetup::default());
            setup.multitask = Some(MultitaskSetup::of_labels(["shape", "colour", "size"]));
            setup.model = ModelSetup::Cnn(CnnSetup {
                channels: vec![16, 32, 64],
                ..CnnSetup::default()
            });
            setup.regime.stop.target = Some(0.9);
            setup.regime.stop.epochs = Some(20);
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
    Preset {
        title: "CartPole, policy network",
        hint: "Balances a pole by trial and reward, until it is solved",
        build: |setup| {
            let mut change = Change::default();
            change.set("dataset.name", "cartpole");
            // Model, batch, rate and target come with the environment.
            if let Ok(changed) = change.apply(setup) {
                *setup = changed;
            }
        },
    },
    Preset {
        title: "Modular addition, transformer",
        hint: "Sums learnt by heart first, grasped much later",
        build: |setup| {
            setup.dataset = DatasetSetup::ModularAddition(ModularAdditionSetup::default());
            setup.model = ModelSetup::Transformer(TransformerSetup::default());
            setup.regime.optimiser = OptimiserSetup::AdamW(AdamWSetup {
                beta_2: 0.98,
                weight_decay: 1.0,
                ..AdamWSetup::default()
            });
            setup.regime.learning_rate = 0.001;
            setup.regime.batch_size = 512;
            setup.regime.stop.epochs = Some(500);
            setup.regime.stop.target = Some(0.99);
        },
    },
    Preset {
        title: "Copying sequences, GRU",
        hint: "How well a recurrent network remembers",
        build: |setup| {
            setup.dataset = DatasetSetup::SequenceCopy(SequenceCopySetup::default());
            setup.model = ModelSetup::Gru(RecurrentSetup::default());
            setup.regime.stop.epochs = Some(40);
        },
    },
    Preset {
        title: "MNIST, LeNet-5",
        hint: "The classic; 11 MiB to download",
        build: |setup| {
            setup.dataset = DatasetSetup::Mnist(NoOptions {});
            setup.model = ModelSetup::Lenet5(Lenet5Setup::default());
            setup.regime.learning_rate = 0.001;
            setup.regime.batch_size = 128;
            setup.regime.stop.epochs = Some(5);
        },
    },
    Preset {
        title: "CIFAR-10, ResNet-18",
        hint: "162 MiB to download; hours without a GPU",
        build: |setup| {
            setup.dataset = DatasetSetup::Cifar10(NoOptions {});
            setup.model = ModelSetup::Resnet(ResnetSetup::default());
            setup.regime.optimiser = OptimiserSetup::Sgd(SgdSetup {
                nesterov: true,
                weight_decay: 5e-4,
                ..SgdSetup::default()
            });
            setup.regime.learning_rate = 0.1;
            setup.regime.batch_size = 128;
            setup.regime.schedule.kind = Schedule::OneCycle;
            setup.regime.augmentation = AugmentationSetup {
                crop_padding: 4,
                flip: true,
                ..AugmentationSetup::default()
            };
            setup.regime.stop.epochs = Some(30);
        },
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::{DataCounts, InputShape, Outputs, Task};

    /// Sets that are downloaded are not looked for in a test.
    fn pictures([channels, height, width]: [usize; 3], train: usize) -> DataCounts {
        DataCounts {
            input: InputShape::Image {
                channels,
                height,
                width,
            },
            task: Task::Classification,
            outputs: Outputs::of_sample(10),
            labels: Vec::new(),
            train,
        }
    }

    #[test]
    fn every_preset_is_possible_with_its_data() {
        for preset in &ALL {
            let setup = preset.setup(&Setup::default());
            let counts = match &setup.dataset {
                DatasetSetup::Mnist(_) => pictures([1, 28, 28], 60_000),
                DatasetSetup::Cifar10(_) => pictures([3, 32, 32], 50_000),
                other => crate::data::describe(other).expect(preset.title).counts(),
            };
            if let Err(problems) = setup.validate_with(&counts) {
                panic!("{}: {problems}", preset.title);
            }
        }
        assert_eq!(ALL[0].setup(&Setup::default()), Setup::default());
    }
}
