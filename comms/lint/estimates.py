"""Estimates: a time by which it is said to be over.

A sentence holds one where it looks ahead to a time and speaks of the repair, and neither tells
what has happened already nor announces the next update. What is said in one language is looked
for in every text: whoever writes does not always write in the language that is set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from comms.lint.finding import Found
from comms.lint.sentences import sentences
from comms.rule import Rule


@dataclass(frozen=True, kw_only=True)
class _Tongue:
    """How a language estimates.

    `outright` is an estimate by itself. `ahead` is a time to come, `repair` what is to be over by
    then. `past` and `news` make it none: it has happened, or it is the next update's time.
    """

    outright: re.Pattern[str]
    ahead: re.Pattern[str]
    repair: re.Pattern[str]
    past: re.Pattern[str]
    news: re.Pattern[str]


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


_EN_SPAN = (
    r"(?:an?|one|two|three|four|five|six|ten|half an|a few|several|a couple of|(?:the )?next"
    r"|the|\d+(?:\s*(?:-|–|to)\s*\d+)?)\s*(?:few |couple of |\d+ |more |or two |so )?"
    r"(?:minutes?|mins?|hours?|hrs?|h|days?|working days?|business days?|weeks?)\b"
)
_EN_TIME = (
    r"(?:\d{1,2}(?:[:.]\d{2})?\s*(?:a\.?m|p\.?m|o'clock|UTC|GMT|C?EST|CET)\b|\d{1,2}:\d{2}|noon"
    r"|midday|midnight|tomorrow|tonight|today|this (?:morning|afternoon|evening)|next week"
    r"|(?:the )?end of (?:the |this )?(?:day|week|hour|business)|EOD|close of business"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
)

_TONGUES = (
    _Tongue(  # English
        outright=_any(
            r"\bETA\b",
            r"\bestimated (?:time|resolution|fix|repair|recovery|restoration)",
            r"\bexpected (?:resolution|fix|recovery|restoration)(?: time)?\b",
            r"\b(?:will|should|may|might|could|is expected to|going to) (?:only )?"
            rf"(?:take|last)\b.{{0,30}}?\b{_EN_SPAN}",
            r"\b(?:expect|hope|aim|plan|intend)(?:s|ing|ed)? (?:that )?(?:this |it |everything )?"
            r"(?:to|will|should)\b(?! (?:post|send|share|give|update|write|publish|inform|report))"
            rf".{{0,60}}?\b(?:(?:with)?in|by|before)\s+(?:{_EN_SPAN}|{_EN_TIME})",
            rf"\bshould (?:all )?be (?:over|done|finished)\b.{{0,30}}?"
            rf"(?:(?:with)?in|by|before)\s+(?:{_EN_SPAN}|{_EN_TIME})",
        ),
        ahead=_any(
            rf"\b(?:within|in|over)\s+(?:about |around |roughly |less than |under "
            rf"|at most )?{_EN_SPAN}",
            rf"\b(?:by|before|until|at|around)\s+(?:about |around )?{_EN_TIME}",
            r"\b(?:later today|tonight|tomorrow|shortly|any (?:minute|moment) now)\b",
        ),
        repair=_any(
            r"\b(?:fix(?:ed)?|resolv\w+|resolution|restor\w+|solv\w+|repair\w*|recover\w*|back up"
            r"|back online|back to normal|back in service|up and running|work(?:ing)? again|normal"
            r"|operational|complete[ds]?|mitigat\w+|available again|deploy\w*|roll(?:ed)? (?:out"
            r"|back)|sorted|done|over|return(?:s)? to)\b"
        ),
        past=_any(
            r"\b(?:was|were|had|did|has been|have been|since|ago|earlier|yesterday|resolved at"
            r"|restored at|fixed at|began|started|saw|took|lasted)\b"
        ),
        news=_any(
            r"\b(?:updates?|inform|let you know|news|notify|report back|post|share more|hear from"
            r"|write again|tell you|notice|refunds?|try again|retry|workaround)\b"
        ),
    ),
    _Tongue(  # German
        outright=_any(
            r"\bvoraussichtlich(?:e[rns]?)?\b.{0,40}?\b(?:behoben|gelöst|Lösung|Behebung|Ende"
            r"|wieder"
            r"|bis|um|gegen)\b",
            r"\b(?:wird|dürfte|sollte|kann)\b.{0,20}?\b(?:noch )?(?:etwa|rund|ca\.?)?\s*(?:eine?"
            r"|zwei"
            r"|drei|\d+)\s*(?:Minuten?|Stunden?|Tage?)\b.{0,12}?\b(?:dauern|in Anspruch)",
            r"\bgeschätzte \w*(?:zeit|dauer)\b",
        ),
        ahead=_any(
            r"\b(?:in|innerhalb|binnen|in den nächsten|innerhalb von)\s+(?:von |der nächsten "
            r"|etwa |ca\. "
            r"|rund |den nächsten |wenigen |kurzer )?(?:eine[rs]?|einer halben|zwei|drei|wenigen"
            r"|\d+)?\s*"
            r"(?:Minuten?|Stunden?|Tagen?|Kürze|Zeit)\b",
            r"\b(?:bis|gegen|um|vor)\s+(?:spätestens |etwa |ca\. )?(?:\d{1,2}(?:[:.]\d{2})?\s*Uhr"
            r"|\d{1,2}:\d{2}|morgen|heute|Mittag|Mitternacht|zum Abend|Ende)",
            r"\b(?:heute (?:Abend|Nachmittag|noch)|noch heute|morgen (?:früh|Vormittag))\b",
        ),
        repair=_any(
            r"\b(?:behoben|gelöst|wiederhergestellt|repariert|wieder (?:verfügbar|da|online"
            r"|erreichbar"
            r"|normal|laufen|funktionieren|möglich)|funktionier\w* wieder|läuft wieder"
            r"|abgeschlossen"
            r"|Behebung|Lösung|beseitigt|beheben|lösen)\b"
        ),
        past=_any(r"\b(?:wurden?|war(?:en)?|seit|hatten?|worden|konnten?|gestern)\b"),
        news=_any(
            r"\b(?:informieren|Update|melden|benachrichtigen|Neuigkeiten|nächste (?:Meldung"
            r"|Information|Mitteilung|Nachricht)|berichten|erneut versuchen|noch einmal)\b"
        ),
    ),
    _Tongue(  # French
        outright=_any(
            r"\b(?:délai|temps|heure) (?:estimée?|prévue?) (?:de|pour)",
            r"\b(?:devrait|va|pourrait|prendra|durera)\b.{0,25}?\b(?:prendre|durer"
            r"|encore)?\s*(?:environ )?"
            r"(?:une|deux|trois|\d+)\s*(?:minutes?|heures?|jours?)\b(?=[.!]|$)",
        ),
        ahead=_any(
            r"\b(?:dans|d'ici|sous|en moins de)\s+(?:à |moins d'|environ |les |la |l'|quelques )?"
            r"(?:une|deux|trois|\d+|quelques|prochaines?|une demi-)?\s*(?:\d+ )?(?:prochaines? )?"
            r"(?:minutes?|heures?|h|jours?|demain|midi|minuit|ce soir)\b",
            r"\b(?:avant|vers|à|pour)\s+(?:\d{1,2}\s*(?:h|heures|:)\s*\d{0,2}|demain|midi|minuit"
            r"|ce soir"
            r"|la fin)",
            r"\b(?:dès demain|ce soir|sous peu)\b",
        ),
        repair=_any(
            r"\b(?:rétabli\w*|résol\w+|réparé\w*|corrigé\w*|retour à la normale"
            r"|de nouveau (?:disponible"
            r"|opérationnel|en ligne)\w*|à nouveau (?:disponible|opérationnel|en ligne)\w*"
            r"|rétablissement"
            r"|fonctionner\w* à nouveau|terminé\w*)"
        ),
        past=_any(
            r"\b(?:a été|ont été|était|étaient|depuis|hier|avait|avaient|a duré)\b", r"\bil y a\b"
        ),
        news=_any(
            r"\b(?:informer\w*|mise à jour|point d'étape|prochain(?:e)? (?:point|message"
            r"|communication"
            r"|information)|nouvelles|tiendrons|communiquer\w*|réessayer)\b"
        ),
    ),
    _Tongue(  # Spanish
        outright=_any(
            r"\b(?:tiempo|hora|plazo) (?:estimad[oa]|previst[oa]) (?:de|para)",
            r"\b(?:tardará|tardar|durará|llevará)\b.{0,25}?\b(?:una|dos|tres|\d+)\s*(?:minutos?"
            r"|horas?"
            r"|días?)\b",
        ),
        ahead=_any(
            r"\b(?:en|dentro de|en menos de|en un plazo de)\s+(?:unas? |aproximadamente |unos "
            r"|las próximas "
            r"|menos de )?(?:una|dos|tres|\d+|media|pocas|próximas)?\s*(?:\d+ )?(?:minutos?"
            r"|horas?|hora"
            r"|días?)\b",
            r"\b(?:antes de|para|hacia|a)\s+(?:las? \d{1,2}(?::\d{2})?|mañana|el mediodía"
            r"|la medianoche"
            r"|esta (?:noche|tarde)|el final)",
            r"\b(?:esta noche|mañana por la mañana)\b",
        ),
        repair=_any(
            r"\b(?:resuelt[oa]s?|resolver\w*|solucionad[oa]s?|solucionar\w*|restablecid[oa]s?"
            r"|restablecer\w*|restaurad[oa]s?|reparad[oa]s?|de nuevo (?:disponible|operativ)\w*"
            r"|volver\w* a (?:funcionar|la normalidad|estar)|vuelva\w* a (?:funcionar"
            r"|la normalidad)"
            r"|normalidad|recuper\w+)\b"
        ),
        past=_any(
            r"\b(?:fue|fueron|ha sido|han sido|estaba|estaban|desde|ayer|quedó|quedaron|hace)\b"
        ),
        news=_any(
            r"\b(?:informaremos|actualización|actualizaremos|próxim[ao] (?:aviso|mensaje|comunicado"
            r"|actualización|información)|novedades|avisaremos|comunicaremos|inténtelo)\b"
        ),
    ),
    _Tongue(  # Japanese
        outright=_any("復旧(?:予定|見込み?)(?:時刻|時間)?", "(?:解決|修正)(?:予定|見込み?)"),
        ahead=_any(
            "(?:[0-9０-９一二三数]+|半)\\s*(?:分|時間|日)(?:以内|後|程度|ほど|で)",
            "(?:[0-9０-９]{1,2}[時:：][0-9０-９]{0,2}分?|本日中|今日中|明日|明朝|今夜|午前中|夕方|正午)"
            "(?:まで|頃|ごろ|には|に)?",
        ),
        repair=_any("復旧", "解決", "修正", "直り", "回復", "再開", "元に戻", "完了"),
        past=_any("しました", "されました", "ていました", "でした", "済み"),
        news=_any("お知らせ", "更新", "ご案内", "ご報告", "ご連絡", "再度お試し", "続報"),
    ),
    _Tongue(  # Arabic
        outright=_any(
            "(?:الوقت|الموعد) (?:المتوقع|المقدر) (?:لل|ل)",
            "من المتوقع (?:أن )?(?:يتم |تتم )?(?:حل|إصلاح|استعادة|عودة|يعود|تعود)",
        ),
        ahead=_any(
            "(?:خلال|في غضون|بعد)\\s+(?:ال)?(?:\\S+ )?(?:دقيقة|دقائق|ساعة|ساعات|ساعتين|يوم|أيام"
            "|يومين)",
            "(?:بحلول|قبل|حتى)\\s+(?:الساعة|الغد|غد|المساء|الظهر|منتصف|نهاية)",
            "(?:غدا|غدًا|الليلة|اليوم)",
        ),
        repair=_any("إصلاح", "حل ", "استعادة", "ستعود", "سيعود", "تعود الخدم", "معالجة"),
        past=_any(r"\bتمت?\b", r"\bكانت?\b", "منذ", "أمس"),
        news=_any("تحديث", "إبلاغ", "سنعلم", "سنوافيكم", "إشعار", "المحاولة"),
    ),
)


def estimates(text: str) -> Iterator[Found]:
    """Yield the first estimate of a text."""
    for sentence in sentences(text):
        for tongue in _TONGUES:
            if words := _estimate(sentence, tongue):
                yield Found(Rule.ESTIMATES, f"“{words}” says when it will be over.")
                return


def _estimate(sentence: str, tongue: _Tongue) -> str:
    if tongue.news.search(sentence):
        return ""
    if outright := tongue.outright.search(sentence):
        return outright[0]
    ahead = tongue.ahead.search(sentence)
    if ahead and tongue.repair.search(sentence) and not tongue.past.search(sentence):
        return ahead[0]
    return ""
