use std::{
    fs::File,
    io::{Cursor, ErrorKind, Read},
    path::Path,
};

use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage,
    imageops::{FilterType, resize},
    metadata::Orientation,
};

use crate::data::DataError;

/// Most pixels a side that an image may have.
const SIDE_MAX: u32 = 16_384;
/// Most bytes that an image may have when it is decoded (128 MiB).
pub(super) const IMAGE_BYTES_MAX: u64 = 128 << 20;
/// Most bytes that a file may have (64 MiB).
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Reads the image at `path` into `place`, channel by channel, `size`×`size` pixels.
///
/// The rule: turned as its EXIF note says; 8 bits a channel; what is transparent laid on black; grey as the luma of
/// ITU-R BT.709 where one channel is wanted; then the square in the middle, as large as the shorter side, scaled to
/// `size` by a triangle filter, which averages where it makes smaller.
pub(super) fn image(
    path: &Path,
    size: usize,
    channels: usize,
    place: &mut [u8],
) -> Result<(), DataError> {
    fit(on_black(decode(path)?), [size, size], channels, place);
    Ok(())
}

/// The part in the middle of `image` whose sides are in the proportion of `height` and `width`, scaled to them, in `place`, channel by
/// channel.
pub(in crate::data) fn fit(
    image: DynamicImage,
    [height, width]: [usize; 2],
    channels: usize,
    place: &mut [u8],
) {
    let (height, width) = (height as u32, width as u32);
    let [across, down] = [image.width(), image.height()].map(u64::from);
    // As wide as it is, or as high: whichever is all in the image.
    let (w, h) = if across * u64::from(height) > down * u64::from(width) {
        (down * u64::from(width) / u64::from(height), down)
    } else {
        (across, across * u64::from(height) / u64::from(width))
    };
    let (w, h) = (w.max(1) as u32, h.max(1) as u32);
    let (x, y) = ((image.width() - w) / 2, (image.height() - h) / 2);
    let part = image.crop_imm(x, y, w, h);
    if channels == 1 {
        let scaled: GrayImage = resize(&part.into_luma8(), width, height, FilterType::Triangle);
        place.copy_from_slice(scaled.as_raw());
        return;
    }
    let scaled: RgbImage = resize(&part.into_rgb8(), width, height, FilterType::Triangle);
    let area = place.len() / 3;
    for (at, pixel) in scaled.pixels().enumerate() {
        for (channel, value) in pixel.0.into_iter().enumerate() {
            place[channel * area + at] = value;
        }
    }
}

/// The image in the file at `path`, turned as its EXIF note says.
///
/// # Errors
/// Where it cannot be read, is no PNG or JPEG, damaged or too large.
pub(in crate::data) fn decode(path: &Path) -> Result<DynamicImage, DataError> {
    let refuse = |what: String| DataError::Image {
        what,
        path: path.to_owned(),
    };
    let read = |source| DataError::Read {
        path: path.to_owned(),
        source,
    };
    let failed = |error: ImageError| match error {
        ImageError::IoError(source)
            if !matches!(
                source.kind(),
                ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::Other
            ) =>
        {
            read(source)
        }
        other => refuse(format!("the image is damaged ({other})")),
    };
    let file = File::open(path).map_err(read)?;
    let bytes = file.metadata().map_err(read)?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(refuse(format!(
            "the file has {bytes} bytes, more than the {FILE_BYTES_MAX} that are read"
        )));
    }
    let mut content = Vec::new();
    file.take(FILE_BYTES_MAX)
        .read_to_end(&mut content)
        .map_err(read)?;
    let mut reader = ImageReader::new(Cursor::new(content.as_slice()))
        .with_guessed_format()
        .map_err(read)?;
    // By content: a JPEG that is called `.png` is common, and no harm.
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
        return Err(refuse("the file is no PNG or JPEG image".to_owned()));
    }
    if reader.format() == Some(ImageFormat::Jpeg) && !is_whole_jpeg(&content) {
        return Err(refuse("the image ends too early".to_owned()));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(IMAGE_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(failed)?;
    if decoder.total_bytes() > IMAGE_BYTES_MAX {
        let (width, height) = decoder.dimensions();
        return Err(refuse(format!(
            "the image has {width}×{height} pixels, which are more than the {IMAGE_BYTES_MAX} bytes that are decoded"
        )));
    }
    // A note that cannot be read is as good as none.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    if image.width() == 0 || image.height() == 0 {
        return Err(refuse("the image has no pixels".to_owned()));
    }
    image.apply_orientation(orientation);
    Ok(image)
}

/// Whether the marker that ends a JPEG is there. The decoder does without, and fills up what is missing with grey.
fn is_whole_jpeg(content: &[u8]) -> bool {
    // Markers are 0xff and a byte that is neither 0 nor 0xff; 0xd0 to 0xd9 and 0x01 stand alone, the others have two
    // bytes of length and as much content, those two included. Between segments lies packed data, where 0xff is followed
    // by 0. Sizes and thumbnails within segments are thus passed over. (ITU-T T.81, B.1.1)
    let mut rest = content;
    while let Some(at) = rest
        .windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff))
    {
        let marker = rest[at + 1];
        rest = &rest[at + 2..];
        match marker {
            0xd9 => return true,
            0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(length) = rest.first_chunk::<2>() else {
                    return false;
                };
                let length = usize::from(u16::from_be_bytes(*length));
                rest = rest.get(length..).unwrap_or_default();
            }
        }
    }
    false
}

/// The image without transparency: what is transparent shows black behind it.
pub(in crate::data) fn on_black(image: DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return image;
    }
    let mut image = image.into_rgba8();
    for pixel in image.pixels_mut() {
        let [red, green, blue, alpha] = pixel.0;
        let laid = |value: u8| ((u16::from(value) * u16::from(alpha) + 127) / 255) as u8;
        pixel.0 = [laid(red), laid(green), laid(blue), u8::MAX];
    }
    image.into()
}
