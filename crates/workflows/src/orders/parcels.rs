//! Which line of the marketplace's order lies in which parcel, by article number and quantity. Pure.

use marktwerk_domain::order::OrderLine;
use marktwerk_domain::shipment::{Content, Parcel, ToldParcel};

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

/// What a parcel that is reported by itself holds of the buyer's lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Allotted {
    /// Line number and quantity. Empty: it holds nothing of the buyer's lines that is not reported already.
    pub(super) lines: Lines,
    /// It holds units of articles that the buyer ordered, and all that was ordered of them is reported already.
    pub(super) is_surplus: bool,
}

/// Gives the units of a parcel to the lines that are not reported in full yet; never more than was ordered.
pub(super) fn allot(lines: &[OrderLine], told: &[ToldParcel], contents: &[Content]) -> Allotted {
    let reported = |line: &OrderLine| -> i64 {
        let of_line = told.iter().flat_map(|told| &told.lines).filter(|(number, _)| *number == line.number);
        of_line.map(|(_, quantity)| quantity).sum()
    };
    let mut open: Vec<(&OrderLine, i64)> =
        lines.iter().map(|line| (line, line.quantity() - reported(line))).collect();
    let mut allotted = Allotted { lines: Vec::new(), is_surplus: false };
    for content in contents {
        let mut left = content.quantity;
        let mut is_ordered = false;
        for (line, open) in open.iter_mut().filter(|(line, _)| is_same(&line.sku, &content.sku)) {
            is_ordered = true;
            let taken = left.min(*open).max(0);
            *open -= taken;
            left -= taken;
            match allotted.lines.iter_mut().find(|(number, _)| *number == line.number) {
                _ if taken == 0 => {}
                Some((_, quantity)) => *quantity += taken,
                None => allotted.lines.push((line.number.clone(), taken)),
            }
        }
        allotted.is_surplus |= is_ordered && left > 0;
    }
    allotted
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
            warehouse: None,
        }
    }

    fn parcel(contents: &[(&str, i64)]) -> Parcel {
        let content = |(sku, quantity): &(&str, i64)| Content { sku: (*sku).to_owned(), quantity: *quantity };
        Parcel {
            id: 1,
            tracking: "T".to_owned(),
            carrier: "DHL".to_owned(),
            contents: contents.iter().map(content).collect(),
            ..Parcel::default()
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

    fn told(id: i64, lines: &[(&str, i64)]) -> ToldParcel {
        let lines = lines.iter().map(|(line, quantity)| ((*line).to_owned(), *quantity)).collect();
        ToldParcel { id, tracking: format!("T{id}"), lines, is_surplus: false }
    }

    #[test]
    fn a_parcel_by_itself_holds_parts_of_lines() {
        let lines = [line("1", "A", 3), line("2", "B", 1), line("3", "A", 1)];
        let first = allot(&lines, &[], &parcel(&[("a", 2), ("GIFT", 1)]).contents);
        assert_eq!(first, Allotted { lines: vec![("1".to_owned(), 2)], is_surplus: false });
        let second = allot(&lines, &[told(1, &[("1", 2)])], &parcel(&[("A", 2), ("B", 1)]).contents);
        let rest = [("1".to_owned(), 1), ("3".to_owned(), 1), ("2".to_owned(), 1)];
        assert_eq!(second, Allotted { lines: rest.to_vec(), is_surplus: false });
    }

    #[test]
    fn no_more_units_are_reported_than_were_ordered() {
        let lines = [line("1", "A", 2)];
        let again = allot(&lines, &[told(1, &[("1", 2)])], &parcel(&[("A", 2)]).contents);
        assert_eq!(again, Allotted { lines: Vec::new(), is_surplus: true });
        let gift = allot(&lines, &[told(1, &[("1", 2)])], &parcel(&[("GIFT", 1)]).contents);
        assert_eq!(gift, Allotted { lines: Vec::new(), is_surplus: false });
    }

    #[test]
    fn an_article_that_no_parcel_holds_is_not_guessed() {
        assert_eq!(allocate(&[line("1", "A", 1)], &[parcel(&[("B", 1)]), parcel(&[("C", 1)])]), None);
    }
}
