//! The codes that JTL knows languages and currencies by: ISO 639-2 in its bibliographic form, ISO 4217.

/// Two letters (ISO 639-1) and the three that JTL writes.
const LANGUAGES: &str = "aa=aar ab=abk af=afr ak=aka am=amh an=arg ar=ara as=asm av=ava ay=aym az=aze ba=bak be=bel bg=bul bi=bis bm=bam bn=ben \
     bo=tib br=bre bs=bos ca=cat ce=che ch=cha co=cos cr=cre cs=cze cu=chu cv=chv cy=wel da=dan de=ger dv=div dz=dzo ee=ewe el=gre en=eng \
     eo=epo es=spa et=est eu=baq fa=per ff=ful fi=fin fj=fij fo=fao fr=fre fy=fry ga=gle gd=gla gl=glg gn=grn gu=guj gv=glv ha=hau he=heb \
     hi=hin ho=hmo hr=hrv ht=hat hu=hun hy=arm hz=her ia=ina id=ind ie=ile ig=ibo ii=iii ik=ipk io=ido is=ice it=ita iu=iku ja=jpn jv=jav \
     ka=geo kg=kon ki=kik kj=kua kk=kaz kl=kal km=khm kn=kan ko=kor kr=kau ks=kas ku=kur kv=kom kw=cor ky=kir la=lat lb=ltz lg=lug li=lim \
     ln=lin lo=lao lt=lit lu=lub lv=lav mg=mlg mh=mah mi=mao mk=mac ml=mal mn=mon mr=mar ms=may mt=mlt my=bur na=nau nb=nob nd=nde ne=nep \
     ng=ndo nl=dut nn=nno no=nor nr=nbl nv=nav ny=nya oc=oci oj=oji om=orm or=ori os=oss pa=pan pi=pli pl=pol ps=pus pt=por qu=que rm=roh \
     rn=run ro=rum ru=rus rw=kin sa=san sc=srd sd=snd se=sme sg=sag si=sin sk=slo sl=slv sm=smo sn=sna so=som sq=alb sr=srp ss=ssw st=sot \
     su=sun sv=swe sw=swa ta=tam te=tel tg=tgk th=tha ti=tir tk=tuk tl=tgl tn=tsn to=ton tr=tur ts=tso tt=tat tw=twi ty=tah ug=uig uk=ukr \
     ur=urd uz=uzb ve=ven vi=vie vo=vol wa=wln wo=wol xh=xho yi=yid yo=yor za=zha zh=chi zu=zul";

/// Other three letters for some of them (ISO 639-2 in its terminological form), and the words of people.
const OTHER_LANGUAGES: &str = "bod=tib ces=cze cym=wel deu=ger ell=gre eus=baq fas=per fra=fre hye=arm isl=ice kat=geo mkd=mac mri=mao msa=may \
     mya=bur nld=dut ron=rum slk=slo sqi=alb zho=chi german=ger deutsch=ger english=eng englisch=eng french=fre italian=ita dutch=dut polish=pol \
     spanish=spa";

/// ISO 4217, without metals, funds and test codes.
const CURRENCIES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP \
     CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD \
     JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK \
     NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND \
     TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";

fn pairs(table: &str) -> impl Iterator<Item = (&str, &str)> {
    table.split_ascii_whitespace().filter_map(|pair| pair.split_once('='))
}

/// Refuses a language that is not written in JTL's three letters.
pub(super) fn check_language(written: &str) -> Result<(), String> {
    if pairs(LANGUAGES).any(|(_, code)| code == written) {
        return Ok(());
    }
    let small = written.trim().to_lowercase();
    let meant = pairs(LANGUAGES)
        .chain(pairs(OTHER_LANGUAGES))
        .find_map(|(other, code)| (other == small || code == small).then_some(code));
    Err(match meant {
        Some(code) => format!("JTL writes this language in three letters: \"{code}\", not \"{written}\""),
        None => format!("`{written}` is not a language in JTL's three letters, such as \"ger\" or \"eng\""),
    })
}

/// Refuses a list that cannot be the currencies of a shop.
pub(super) fn check_currencies(written: &[String]) -> Result<(), String> {
    if written.is_empty() {
        return Err(
            "names no currency, so that every order would be refused; write one at least, such as [\"EUR\"]"
                .to_owned(),
        );
    }
    for (index, code) in written.iter().enumerate() {
        let known = |code: &str| CURRENCIES.split_ascii_whitespace().any(|known| known == code);
        if !known(code) {
            let capitals = code.trim().to_uppercase();
            return Err(if known(&capitals) {
                format!("`{code}` must be in capitals: \"{capitals}\"")
            } else {
                format!("`{code}` is not a currency in ISO's three capitals, such as \"EUR\"")
            });
        }
        if written[..index].contains(code) {
            return Err(format!("names {code} twice; remove one"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_in_jtls_letters() {
        for code in ["ger", "eng", "fre", "dut", "pol", "cze"] {
            assert_eq!(check_language(code), Ok(()));
        }
        for (written, part) in [
            ("de", "\"ger\", not \"de\""),
            ("deu", "\"ger\""),
            ("GER", "\"ger\""),
            ("Deutsch", "\"ger\""),
            ("en", "\"eng\""),
            ("xyz", "`xyz` is not a language"),
            ("de_DE", "is not a language"),
        ] {
            let reason = check_language(written).unwrap_err();
            assert!(reason.contains(part), "{written}: {reason}");
        }
    }

    #[test]
    fn currencies_are_isos() {
        let list = |codes: &[&str]| {
            check_currencies(&codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(list(&["EUR", "CHF"]), Ok(()));
        for (codes, part) in [
            (&[][..], "names no currency"),
            (&["eur"], "\"EUR\""),
            (&["EUR", "EURO"], "`EURO` is not a currency"),
            (&[""], "`` is not a currency"),
            (&["EUR", "EUR"], "EUR twice"),
        ] {
            let reason = list(codes).unwrap_err();
            assert!(reason.contains(part), "{codes:?}: {reason}");
        }
    }
}
