"""Words that a customer should not read: unconfirmed causes, blame, hope, what is unfinished."""

from __future__ import annotations

import re
from collections.abc import Iterator

from comms.lint.finding import Found
from comms.lint.sentences import sentences
from comms.rule import Rule

# A guess by itself, or a guess and a cause in one sentence.
_GUESS = re.compile(
    r"""
      \bwe\ (?:currently\ |still\ |now\ )?(?:believe|think|suspect|assume|guess)\b.{0,60}?
        \b(?:cause[ds]?|because|due\ to|reason|culprit|lies|result\ of|comes\ from|stems
            |to\ blame)\b
    | \b(?:suspected|presumed|assumed|likely|probable|possible|potential
        |apparent)\ (?:root\ )?causes?\b
    | \b(?:is|are|was|were|be|'s)\ (?:most\ |very\ |quite\ )?(?:probably|likely|presumably
        |apparently|possibly|perhaps)\ (?:caused|related|due|because|the\ (?:cause|result
        |reason)|an?\b|our\b)
    | \b(?:may|might|could)\ (?:well\ )?(?:be|have\ been)\ (?:caused|triggered|due\ to|related\ to
        |the\ (?:cause|result|reason))
    | \b(?:seems?|appears?)\ (?:to\ be|to\ have\ been|that\ it\ is)\ (?:caused|triggered|due
        |related|an?\b|the\ (?:cause|result))
    | \b(?:probably|presumably|most\ likely)\b.{0,40}?\b(?:cause[ds]?|because|due\ to|reason
        |result\ of)\b
    | \b(?:cause[ds]?|because|due\ to|reason|result\ of)\b.{0,40}?\b(?:probably|presumably
        |most\ likely)\b

    | \b(?:vermutlich|wahrscheinlich|möglicherweise|mutmaßlich\w*|vermutete\w*
        |wohl)\b.{0,60}?\b(?:Ursache|verursacht|ausgelöst|liegt|wegen|aufgrund|durch|Grund|zurückzuführen)\b
    | \b(?:Ursache|Grund)\b.{0,40}?\b(?:vermutlich|wahrscheinlich|möglicherweise|wohl)\b
    | \bwir\ (?:vermuten|glauben|gehen\ davon\ aus|nehmen\ an)\b.{0,60}?\b(?:Ursache|liegt
        |verursacht|Grund|ausgelöst|wegen|aufgrund)\b

    | \b(?:probablement|sans\ doute|vraisemblablement|peut-être)\b.{0,60}?(?:\bcause|causée?s?\b
        |\bdue?s?\ à
        |\ben\ raison|lié|provoqué|origine)
    | \bcause\ (?:probable|présumée|supposée|possible)\b
    | \bnous\ (?:pensons|croyons|soupçonnons|supposons)\b.{0,60}?(?:\bcause|dû|due|origine
        |provoqué|lié)
    | \b(?:semble|pourrait|serait)\b.{0,20}?(?:être\ )?(?:dû|due|causé|lié|provoqué)

    | \b(?:probablemente|posiblemente|seguramente|quizás?|tal\ vez
        |al\ parecer)\b.{0,60}?(?:\bcausa|debid[oa]
        |provocad|relacionad|origen|motivo)
    | \bcausa\ (?:probable|posible|presunta)\b
    | \b(?:creemos|pensamos|sospechamos|suponemos)\b.{0,60}?(?:\bcausa|se\ deb[ea]|debido|origen
        |motivo)
    | \b(?:podría|puede)\ (?:deberse|estar\ (?:relacionad|causad|provocad))

    | (?:おそらく|恐らく|たぶん|推測|思われ|可能性).{0,40}?(?:原因|起因|により|によるもの)
    | (?:原因|起因).{0,40}?(?:おそらく|恐らく|たぶん|推測|思われ|と見られ|とみられ|可能性)

    | (?:نعتقد|نظن|نشتبه|ربما|على\ الأرجح|من\ المحتمل|يبدو).{0,60}?(?:سبب|بسبب|ناتج|ناجم|يعود\ إلى)
    | السبب\ (?:المحتمل|المرجح)
    """,
    re.VERBOSE | re.IGNORECASE,
)

_BLAME = re.compile(
    r"""
      \b(?:human|operator|user)\ error\b
    | \b(?:his|her|their|whose|'s)\ fault\b | \bfault\ of\ (?:our|the|an?)\b | \bto\ blame\b
        | \bblam(?:e|ed|es|ing)\b
    | \b(?:stupid|incompeten\w+|careless\w*|negligen\w+|sloppy)\b | \bforgot\ to\b
    | \b(?:mistake|error)\ (?:by|of|made\ by)\ (?:an?|one\ of\ our|our|the)\ (?:\w+\ )?(?:engineer
        |employee|admin
        \w*|operator|colleague|contractor|developer|technician|supplier|vendor|provider|team)
    | \b(?:engineer|employee|administrator|operator|colleague|contractor|developer
        |technician)\ (?:made\ an?
        |accidentally|mistakenly|wrongly|deleted|failed\ to)

    | \bmenschliche[srn]?\ (?:Versagen|Fehler)\b | \b(?:Bedien(?:er|ungs)?|Anwender)fehler\b
        | \bschuld(?:ig)?\b
    | \bfahrlässig\w* | \bnachlässig\w* | \bFehler\ (?:eines|einer|unseres|unserer|des
        |der)\ (?:\w+\ )?(?:Mitarbeit\w+
        |Kolleg\w+|Technik\w+|Dienstleist\w+|Lieferant\w+|Administrator\w*|Anbieter\w*)
    | \bversäumt\w*\b

    | \berreurs?\ (?:humaines?|d'un|de\ (?:notre|l'un)|commise)\b | \b(?:la|par\ la
        |de)\ faute\ (?:de|d'|à)
    | \bnégligen\w+ | \bincompéten\w+ | \bcoupables?\b

    | \berror(?:es)?\ humanos?\b | \b(?:por\ )?culpa\ (?:de|del|nuestra|suya)\b | \bnegligencia\b
        | \bdescuido\b
    | \berror\ de\ (?:un|una|nuestro|nuestra|el|la)\ (?:emplead|técnic|proveedor|operador|compañer
        |administrador|ingenier)\w*

    | 人為的(?:な)?(?:ミス|エラー) | ヒューマンエラー | (?:の|が)せいで | 過失 | 不注意
    | (?:担当者|社員|作業員|業者)の(?:ミス|誤り|操作ミス)

    | خطأ\ بشري | إهمال | تقصير | خطأ\ (?:من\ )?(?:أحد|موظف|المورد|المهندس)
    """,
    re.VERBOSE | re.IGNORECASE,
)

_HOPE = re.compile(
    r"""
      \bhopefully\b | \bshould\ be\ (?:fixed|fine|ok|back)\ (?:soon|shortly)\b
          | \bas\ soon\ as\ possible\b | \basap\b
    | \bhoffentlich\b | \b(?:so\ )?(?:schnell|bald)\ wie\ möglich\b | \bschnellstmöglich\b
    | \bdès\ que\ possible\b | \ble\ plus\ (?:vite|rapidement)\ possible\b | \bespérons\b
    | \blo\ antes\ posible\b | \bcuanto\ antes\b | \besperemos\b
    | 一刻も早く | できるだけ早く | 早急に
    | في\ أقرب\ وقت | نأمل
    """,
    re.VERBOSE | re.IGNORECASE,
)

_UNFINISHED = re.compile(
    # In capitals only: in Spanish 'todo' is a word.
    r"\b(?:TODO|TBD|TBC|FIXME)\b|[Ll]orem ipsum|\[(?:xx+|\.\.\.|…)\]|\bXX+\b"
)

_VAGUE = re.compile(
    r"""
      \b(?:some|a\ few|several|certain|a\ number\ of|many|a\ subset\ of|a\ small\ number\ of
          |various)
        \ (?:of\ our\ )?(?:users|customers|people|clients|accounts|tenants|members|subscribers)\b
        (?!\ (?:in|who|whose|on|with|using|from|of|that|at|paying|trying|where|between|under
            |without|logging)\b)
    | \b(?:einige|manche|mehrere|viele|einzelne|bestimmte)\ (?:unserer\ )?(?:Nutzer\w*|Kund\w+
        |Benutzer\w*|Anwender\w*|Personen)\b
        (?!\ (?:in|mit|aus|auf|von|bei|die|,\ die))
    | \b(?:certains|certaines|quelques|plusieurs|de\ nombreux)\ (?:de\ nos\ )?(?:utilisat\w+
        |client\w*|personnes)\b
        (?!\ (?:en|de|dans|avec|qui|sur|à|utilisant))
    | \b(?:algun[oa]s|vari[oa]s|much[oa]s|ciert[oa]s|unos\ pocos)\ (?:de\ nuestros\ )?(?:usuari\w+
        |client\w+|personas)\b
        (?!\ (?:en|de|con|que|desde))
    | 一部の(?:ユーザー|お客[様さ]ま?|利用者|方)
    | بعض\ (?:المستخدمين|العملاء|الزبائن)(?!\ (?:في|الذين|من))
    """,
    re.VERBOSE | re.IGNORECASE,
)


def wording(text: str) -> Iterator[Found]:
    """Yield what is badly put, whatever else the report says."""
    if unfinished := _UNFINISHED.search(text):
        yield Found(Rule.UNFINISHED, f"{unfinished[0]} is a placeholder.")
    for sentence in sentences(text):
        if guess := _GUESS.search(sentence):
            yield Found(Rule.CAUSES, f"“{guess[0]}” names a cause that is not confirmed.")
            break
    if blame := _BLAME.search(text):
        yield Found(Rule.BLAME, f"“{blame[0]}” blames. Say what happens, not who.")
    if hope := _HOPE.search(text):
        yield Found(Rule.HOPE, f"“{hope[0]}” promises nothing. Give the next update's time.")


def is_unfinished(text: str) -> bool:
    """True where a placeholder was left."""
    return _UNFINISHED.search(text) is not None


def vague(text: str) -> str:
    """Return 'some users' or the like, where nothing says which; '' where all is clear."""
    found = _VAGUE.search(text)
    return found[0] if found else ""
