//! Images in a folder for each class. `list` finds the files, `read` makes of each the pixels that are learnt from.

mod list;
pub(super) mod read;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use self::list::{Found, Labelled};
use super::{
    DataError, DataInfo, Dataset, Features, LabelColumn, Labels, Provenance, Source, Split,
    dataset::Heading, split,
};
use crate::setup::{FolderSetup, InputShape, Task};

/// Most bytes of pixels that a set may have (8 GiB).
const BYTES_MAX: u64 = 8 << 30;
/// Most threads that read: each may hold an image of [`read::IMAGE_BYTES_MAX`] and copies of it.
const THREADS_MAX: usize = 8;

/// The images in a folder.
pub(super) struct ImageFolder<'a>(pub &'a FolderSetup);

impl Source for ImageFolder<'_> {
    fn load(&self) -> Result<Dataset, DataError> {
        let (heading, train, test) = self.open()?;
        let (train, test) = (self.part(&train)?, self.part(&test)?);
        Ok(heading.with_parts(train, test))
    }

    fn describe(&self) -> Result<DataInfo, DataError> {
        let (heading, train, test) = self.open()?;
        let bytes = self.bytes(train.len() + test.len());
        Ok(heading.info(train.len(), test.len(), bytes))
    }
}

impl ImageFolder<'_> {
    fn open(&self) -> Result<(Heading, Vec<Labelled>, Vec<Labelled>), DataError> {
        let setup = self.0;
        let Found {
            classes,
            train,
            test,
        } = list::find(&setup.folder)?;
        let (train, test) = match test {
            Some(test) => (train, test),
            None => {
                let labels: Vec<u16> = train.iter().map(|file| file.class).collect();
                let parts = split::stratified(&labels, &setup.split())?;
                let pick = |samples: &[usize]| -> Vec<Labelled> {
                    samples.iter().map(|&at| train[at].clone()).collect()
                };
                (pick(&parts.train), pick(&parts.test))
            }
        };
        let bytes = self.bytes(train.len() + test.len());
        if bytes > BYTES_MAX {
            return Err(DataError::Layout {
                what: format!(
                    "{} images of {} bytes each are more than the {BYTES_MAX} bytes that are read; make dataset.size \
                     smaller",
                    train.len() + test.len(),
                    self.bytes(1)
                ),
                path: setup.folder.clone(),
            });
        }
        let name = setup.folder.file_name().unwrap_or(setup.folder.as_os_str());
        let heading = Heading {
            name: "folder".to_owned(),
            title: name.to_string_lossy().into_owned(),
            input: InputShape::Image {
                channels: setup.channels,
                height: setup.size,
                width: setup.size,
            },
            task: Task::Classification,
            labels: vec![LabelColumn::new("class", classes)],
            target: 0,
            provenance: Provenance {
                source: format!("images in {}", setup.folder.display()),
                credit: None,
                licence: None,
            },
        };
        Ok((heading, train, test))
    }

    fn bytes(&self, images: usize) -> u64 {
        (self.0.channels * self.0.size * self.0.size) as u64 * images as u64
    }

    fn part(&self, files: &[Labelled]) -> Result<Split, DataError> {
        let bytes = self.bytes(files.len());
        let mut pixels = Vec::new();
        pixels
            .try_reserve_exact(bytes as usize)
            .map_err(|_| DataError::Memory { bytes })?;
        pixels.resize(bytes as usize, 0);
        self.read(files, &mut pixels)?;
        Ok(Split {
            features: Features::U8(pixels),
            labels: Labels::Classes(vec![files.iter().map(|file| file.class).collect()]),
        })
    }

    /// Reads every file into its place, on several threads. Of several errors the first in the order of the files is
    /// told: those before it were begun earlier and are finished.
    fn read(&self, files: &[Labelled], pixels: &mut [u8]) -> Result<(), DataError> {
        let setup = self.0;
        let image_bytes = self.bytes(1) as usize;
        let places = pixels.chunks_exact_mut(image_bytes);
        let queue = Mutex::new(files.iter().zip(places).enumerate());
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let failed = Mutex::new(None::<(usize, DataError)>);
        let has_failed = AtomicBool::new(false);
        let work = || {
            while let Some((at, (file, place))) = next() {
                if has_failed.load(Ordering::Relaxed) {
                    return;
                }
                // A decoder that panics on a damaged file must not take the program with it.
                let read = catch_unwind(AssertUnwindSafe(|| {
                    read::image(&file.path, setup.size, setup.channels, place)
                }));
                let error = match read {
                    Ok(Ok(())) => continue,
                    Ok(Err(error)) => error,
                    Err(_) => broken(&file.path),
                };
                has_failed.store(true, Ordering::Relaxed);
                let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
                if failed.as_ref().is_none_or(|(other, _)| at < *other) {
                    *failed = Some((at, error));
                }
            }
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(THREADS_MAX).min(files.len());
        thread::scope(|scope| -> Result<(), DataError> {
            for number in 0..threads {
                thread::Builder::new()
                    .name(format!("images-{number}"))
                    .spawn_scoped(scope, work)
                    .map_err(DataError::Thread)?;
            }
            Ok(())
        })?;
        let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        failed.map_or(Ok(()), |(_, error)| Err(error))
    }
}

fn broken(path: &std::path::Path) -> DataError {
    DataError::Image {
        what: "the image cannot be decoded".to_owned(),
        path: PathBuf::from(path),
    }
}
