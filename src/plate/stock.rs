//! What the material weighs and costs, where that is known.

use std::fmt;

use crate::units::trimmed;

/// Density and price of the material; what is not known is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stock {
    /// Grams a cubic centimetre.
    pub density: Option<f64>,
    /// Price for a mass or a volume.
    pub price: Option<Price>,
}

/// A price as it is written on a bill: so much of a currency for a mass or a volume.
#[derive(Clone, Debug, PartialEq)]
pub struct Price {
    /// So many of the currency, for one of the measure.
    pub amount: f64,
    /// As typed: "EUR", "USD", "$".
    pub currency: String,
    /// What it buys.
    pub measure: Measure,
}

/// What a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A kilogram.
    Kilogram,
    /// A gram.
    Gram,
    /// A litre.
    Litre,
    /// A cubic centimetre.
    CubicCentimetre,
}

/// Measures by the names they are typed and written with.
const MEASURES: [(&str, Measure); 4] = [
    ("kg", Measure::Kilogram),
    ("g", Measure::Gram),
    ("l", Measure::Litre),
    ("cm3", Measure::CubicCentimetre),
];

impl Stock {
    /// Mass of `volume` cubic metres, in grams; none without a density.
    pub fn mass(&self, volume: f64) -> Option<f64> {
        self.density.map(|density| density * volume * 1e6)
    }

    /// Price of `volume` cubic metres, in the currency of the price.
    ///
    /// None without a price, and for a price by mass without a density.
    pub fn cost(&self, volume: f64) -> Option<f64> {
        let price = self.price.as_ref()?;
        let measures = match price.measure {
            Measure::Kilogram => self.mass(volume)? / 1e3,
            Measure::Gram => self.mass(volume)?,
            Measure::Litre => volume * 1e3,
            Measure::CubicCentimetre => volume * 1e6,
        };
        Some(price.amount * measures)
    }

    /// The currency of the price.
    pub fn currency(&self) -> &str {
        self.price.as_ref().map_or("", |price| &price.currency)
    }
}

impl Price {
    /// Reads a price such as `"300 EUR/kg"` or `"0.35 $/cm3"`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text; the caller knows the key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let advice = "write a number, a currency and /kg, /g, /l or /cm3, for example \"300 EUR/kg\" or \"0.35 USD/cm3\"";
        let wrong = || format!("\"{text}\" is not a price: {advice}");
        let (sum, measure) = text.trim().rsplit_once('/').ok_or_else(wrong)?;
        let (amount, currency) = sum.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
        let amount: f64 = amount.parse().map_err(|_| wrong())?;
        let (currency, measure) = (currency.trim(), measure.trim());
        let known = MEASURES.iter().find(|(name, _)| *name == measure);
        let (_, measure) =
            known.ok_or_else(|| format!("\"{text}\" is a price for \"{measure}\": {advice}"))?;
        if currency.is_empty() || currency.contains(|c: char| c.is_control() || c.is_ascii_digit()) {
            return Err(wrong());
        }
        // Nothing is sold for more than a thousand million of anything; beyond, sums leave the range of numbers.
        if !(0.0..=1e9).contains(&amount) {
            return Err(format!("\"{text}\": a price must be from 0 to 1e9"));
        }
        Ok(Price { amount, currency: currency.to_owned(), measure: *measure })
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = MEASURES.iter().find(|(_, measure)| *measure == self.measure).map_or("", |(name, _)| name);
        write!(f, "{} {}/{name}", trimmed(self.amount, 4), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mass_and_price_of_a_decilitre() {
        let decilitre = 1e-4;
        let stock = |price: &str| Stock { density: Some(1.2), price: Some(Price::parse(price).unwrap()) };
        // Ten digits: each figure is a few products of numbers of 16 digits.
        let same = |a: Option<f64>, b: f64| (a.unwrap() - b).abs() < 1e-10 * b;
        assert!(same(stock("1 EUR/kg").mass(decilitre), 120.0));
        for (price, cost) in
            [("300 EUR/kg", 36.0), ("0.3 EUR / g", 36.0), ("200 $/l", 20.0), ("0.2 USD/cm3", 20.0)]
        {
            assert!(same(stock(price).cost(decilitre), cost), "{price}");
        }
        assert_eq!(stock("0.2 CHF/cm3").price.unwrap().to_string(), "0.2 CHF/cm3");
        // A price by volume needs no density, one by mass does.
        let light = |price: &str| Stock { density: None, ..stock(price) };
        assert!(same(light("200 $/l").cost(decilitre), 20.0));
        assert_eq!((light("1 $/kg").cost(decilitre), light("1 $/kg").mass(decilitre)), (None, None));
    }

    #[test]
    fn wrong_prices_say_why() {
        for (text, reason) in [
            ("300", "not a price"),
            ("300 EUR", "not a price"),
            ("EUR/kg", "not a price"),
            ("300/kg", "not a price"),
            ("300 EUR/lb", "for \"lb\""),
            ("-3 EUR/kg", "from 0"),
            ("nan EUR/kg", "from 0"),
            ("1e300 EUR/kg", "from 0"),
        ] {
            let message = Price::parse(text).unwrap_err();
            assert!(message.contains(reason), "{text}: {message}");
        }
    }
}
