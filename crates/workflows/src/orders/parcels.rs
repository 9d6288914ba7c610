//! Which line of the marketplace's order lies in which parcel, by article number and quantity. Pure.

use marktwerk_domain::order::OrderLine;
use marktwerk_domain::shipment::Parcel;

/// The lines of one parcel: the marketplace's line number and its whole quantity.
pub(super) type Lines = Vec<(String, i64)>;

/// Gives every line, whole, to one parcel: TEMU takes no part of a line. A line that JTL spread over several parcels goes to
/// the one that holds most of it (the first of equals). Answers per parcel in their order; a parcel may be left without a line.
///
/// `None` if some line is not wholly in the parcels: JTL sent less than was ordered, or does not tell what lies where. Only a
/// single parcel whose contents JTL does not tell at all holds everything.
pub(super) fn allocate(lines: &[OrderLine], parcels: &[Parcel]) -> Option<Vec<Lines>> {
    let mut allocated: Vec<Lines> = vec![Vec::new(); parcels.len()];
    if let ([parcel], [only]) = (parcels, allocated.as_mut_slice())
        && parcel.contents.is_empty()
    {
        *only = lines.iter().map(|line| (line.number.clone(), line.quantity())).collect();
        return Some(allocated);
    }
    let mut left: Vec<Vec<(&str, i64)>> = parcels
        .iter()
        .map(|parcel| {
            parcel.contents.iter().map(|content| (content.sku.as_str(), content.quantity)).collect()
        })
        .collect();
    // The largest lines first: a small one fits where a large one would not.
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(lines[index].quantity()));
    for index in order {
        let line = &lines[index];
        let mut wanted = line.quantity();
        let home = best_parcel(&left, &line.sku, wanted)?;
        allocated[home].push((line.number.clone(), wanted));
        // What the home parcel does not hold lies in the others.
        let others = (0..left.len()).filter(|&parcel| parcel != home);
        for parcel in std::iter::once(home).chain(others) {
            for (_, quantity) in left[parcel].iter_mut().filter(|(sku, _)| is_same(sku, &line.sku)) {
                let taken = wanted.min(*quantity);
                *quantity -= taken;
                wanted -= taken;
            }
        }
        if wanted > 0 {
            return None;
        }
    }
    Some(allocated)
}

/// JTL's collation does not tell capitals apart, so neither may we.
fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// The parcel that holds exactly this much of an article, else the one that holds most of it.
fn best_parcel(left: &[Vec<(&str, i64)>], sku: &str, wanted: i64) -> Option<usize> {
    let holds = |parcel: &Vec<(&str, i64)>| -> i64 {
        parcel.iter().filter(|(held, _)| is_same(held, sku)).map(|(_, quantity)| quantity).sum()
    };
    if let Some(exact) = left.iter().position(|parcel| holds(parcel) == wanted) {
        return Some(exact);
    }
    let most = left.iter().map(holds).max().filter(|most| *most > 0)?;
    left.iter().position(|parcel| holds(parcel) == most)
}

#[cfg(test)]
mod tests {
    use marktwerk_domain::money::VatRate;
    use marktwerk_domain::order::PricedUnits;
    use marktwerk_domain::shipment::Content;

    use super::*;

    fn line(number: &str, sku: &str, quantity: i64) -> OrderLine {
        OrderLine {
            number: number.to_owned(),
            sku: sku.to_owned(),
            name: String::new(),
            vat_rate: VatRate::percent(19),
            units: vec![PricedUnits { quantity, unit_gross: 100 }],
        }
    }

    fn parcel(contents: &[(&str, i64)]) -> Parcel {
        let content = |(sku, quantity): &(&str, i64)| Content { sku: (*sku).to_owned(), quantity: *quantity };
        Parcel {
            id: 1,
            tracking: "T".to_owned(),
            carrier: "DHL".to_owned(),
            shipped_at: None,
            contents: contents.iter().map(content).collect(),
        }
    }

    fn numbers(allocated: &[Lines]) -> Vec<Vec<&str>> {
        allocated.iter().map(|lines| lines.iter().map(|(number, _)| number.as_str()).collect()).collect()
    }

    #[test]
    fn a_single_parcel_without_contents_holds_everything() {
        let lines = [line("1", "A", 2), line("2", "B", 1)];
        let allocated = allocate(&lines, &[parcel(&[])]).unwrap();
        assert_eq!(allocated, [vec![("1".to_owned(), 2), ("2".to_owned(), 1)]]);
    }

    #[test]
    fn lines_follow_their_articles() {
        let lines = [line("1", "A", 2), line("2", "B", 1)];
        let allocated = allocate(&lines, &[parcel(&[("B", 1)]), parcel(&[("A", 2)])]).unwrap();
        assert_eq!(numbers(&allocated), [vec!["2"], vec!["1"]]);
    }

    #[test]
    fn two_lines_of_one_article_are_told_apart_by_quantity() {
        let lines = [line("1", "A", 1), line("2", "A", 3)];
        let allocated = allocate(&lines, &[parcel(&[("A", 3)]), parcel(&[("A", 1)])]).unwrap();
        assert_eq!(numbers(&allocated), [vec!["2"], vec!["1"]]);
    }

    #[test]
    fn a_line_spread_over_parcels_goes_to_the_one_with_most_of_it() {
        let lines = [line("1", "A", 3)];
        let allocated = allocate(&lines, &[parcel(&[("A", 1)]), parcel(&[("A", 2)])]).unwrap();
        assert_eq!(numbers(&allocated), [Vec::<&str>::new(), vec!["1"]]);
    }

    #[test]
    fn less_than_was_ordered_is_not_told_as_all() {
        let lines = [line("1", "A", 2), line("2", "B", 1)];
        assert_eq!(allocate(&lines, &[parcel(&[("A", 2)])]), None);
        assert_eq!(allocate(&[line("1", "A", 2)], &[parcel(&[("A", 1)])]), None);
        assert!(
            allocate(&lines, &[parcel(&[("a", 2), ("B", 1)])]).is_some(),
            "capitals do not matter in JTL"
        );
    }

    #[test]
    fn an_article_that_no_parcel_holds_is_not_guessed() {
        assert_eq!(allocate(&[line("1", "A", 1)], &[parcel(&[("B", 1)]), parcel(&[("C", 1)])]), None);
    }
}
