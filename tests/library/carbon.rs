use joulelab::analysis::{CarbonError, CarbonIntensity, lookup, operational};
use joulelab::units::Estimate;

#[test]
fn a_country_is_found_by_code_or_name_in_any_case() {
    for given in ["DEU", "deu", " Germany ", "germany"] {
        let found = lookup(Some(given)).unwrap();
        assert_eq!(
            (found.g_per_kwh, found.year),
            (380.9, Some(2023)),
            "{given}"
        );
        assert_eq!(found.country_iso3.as_deref(), Some("DEU"));
        assert_eq!(found.country.as_deref(), Some("Germany"));
    }
    assert_eq!(
        lookup(Some("cote d'ivoire"))
            .unwrap()
            .country_iso3
            .as_deref(),
        Some("CIV")
    );
    assert_eq!(lookup(Some("South Korea")).unwrap().g_per_kwh, 430.6);
}

#[test]
fn without_a_country_it_is_the_world_mean_and_says_so() {
    for none in [None, Some(""), Some("  ")] {
        let world = lookup(none).unwrap();
        assert_eq!((world.g_per_kwh, world.country), (475.0, None));
        assert!(world.source.contains("world mean"), "{}", world.source);
    }
}

#[test]
fn an_unknown_country_gets_a_suggestion() {
    for (given, meant) in [
        ("Germny", "Germany"),
        ("DE", "DEU"),
        ("Untied States", "United States"),
    ] {
        let Err(CarbonError::UnknownCountry { nearest, .. }) = lookup(Some(given)) else {
            panic!("{given} was found");
        };
        assert_eq!(nearest.as_deref(), Some(meant), "{given}");
    }
    let message = lookup(Some("Xq")).unwrap_err().to_string();
    assert!(
        message.contains("`Xq`") && message.contains("ISO 3166"),
        "{message}"
    );
}

#[test]
fn a_grid_that_was_rounded_down_to_nothing_is_no_carbon_free_grid() {
    let error = lookup(Some("CAF")).unwrap_err();
    assert!(matches!(error, CarbonError::NoFigure { .. }), "{error}");
}

#[test]
fn carbon_is_energy_times_pue_times_intensity_with_the_interval() {
    let energy_j = Estimate {
        value: 3.6e6,
        low: 1.8e6,
        high: 7.2e6,
    };
    let figure = operational(energy_j, &lookup(Some("FRA")).unwrap(), 1.5).unwrap();
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
    assert!(near(figure.carbon_g.value, 84.0), "56 g/kWh × 1.5");
    assert!(near(figure.carbon_g.low, 42.0) && near(figure.carbon_g.high, 168.0));
}

#[test]
fn impossible_factors_are_refused() {
    let world = CarbonIntensity::world_mean();
    for pue in [0.99, 0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = operational(Estimate::exact(1.0), &world, pue).unwrap_err();
        assert!(matches!(error, CarbonError::Pue { .. }), "{pue}");
        assert!(world.basis(pue).is_err());
    }
    for g_per_kwh in [-1.0, f64::NAN, 1e9] {
        let odd = CarbonIntensity {
            g_per_kwh,
            ..world.clone()
        };
        let error = operational(Estimate::exact(1.0), &odd, 1.0).unwrap_err();
        assert!(
            matches!(error, CarbonError::Intensity { .. }),
            "{g_per_kwh}"
        );
    }
    let basis = world.basis(1.0).unwrap();
    assert_eq!(
        (basis.g_per_kwh, basis.pue, basis.country),
        (475.0, 1.0, None)
    );
}
