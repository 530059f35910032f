# ruff: noqa: RUF001 - the words of the console, in its languages
"""The console's "Access denied" panel: rows of User, Action, Resource and Context.

The console speaks its reader's language, so rows are recognised by what they hold, in any
language; the context is recognised by the words of the languages in the tables below.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from re import IGNORECASE
from re import compile as pattern

from clearance.explain.denial import Denial, Effect, Form, PolicyType, Principal
from clearance.explain.grammar import Found
from clearance.explain.reading import Reading

__all__ = ["panels"]

_LABELS = (
    # principal, service, action, resource and context, as the console prints them
    ("User", "Service", "Action", r"On resource\(s\)|Resources?", "Context"),
    ("ユーザー", "サービス", "アクション", "リソース(?:上)?", "コンテキスト"),
    ("사용자", "서비스", "작업|액션", "리소스", "컨텍스트"),
    ("用户", "服务", "操作", "资源|在资源上", "上下文"),
    ("使用者", "服務", "動作", "資源|在資源上", "內容|上下文|內容資訊"),
    ("Usuario", "Servicio", "Acción", r"En recursos?|Recursos?(?:\(s\))?", "Contexto"),
    ("Usuário", "Serviço", "Ação", r"Nos? recursos?|Recursos?(?:\(s\))?", "Contexto"),
    ("Utilisateur", "Service", "Action", r"Ressources?(?:\(s\))?", "Contexte"),
    ("Benutzer", "Service|Dienst", "Aktion", r"Ressourcen?(?:\(n\))?", "Kontext"),
    ("Utente", "Servizio", "Azione|Operazione", r"Risors[ae]", "Contesto"),
    ("Pengguna", "Layanan", "Tindakan", "Sumber daya", "Konteks"),
    ("Kullanıcı", "Hizmet", "Eylem|İşlem", "Kaynak(?:lar)?", "Bağlam"),
)
_LABEL = pattern(
    rf"(?:{'|'.join(label for row in _LABELS for label in row)}) ?(?::(?=\s|$)|\uff1a)"
)
_USER = pattern(r"arn:[\w-]{1,20}:(?:iam|sts):[^\s\"']{1,400}|anonymous")
_ACTION = pattern(r"[A-Za-z0-9-]{1,40}:[A-Za-z]{1,128}")
_SERVICE = pattern(r"[a-z0-9-]{1,40}")
_NAME = pattern(r"[A-Z][A-Za-z]{1,127}")
_ROW_VALUE = 600  # letters of a row that are looked at
# Which words mean which policy; service and resource control come first, because the words
# of "resource-based" are a part of theirs in some languages.
_TYPES: dict[PolicyType, tuple[str, ...]] = {
    PolicyType.SERVICE_CONTROL: (
        "service control",
        "サービスコントロール",
        "サービス制御",
        "서비스 제어",
        "服务控制",
        "服務控制",
        "control de servicio",
        "contrôle de(?:s)? service",
        "servicekontroll",
        "service-control",
        "dienststeuerung",
        "controllo de(?:i|l) serviz",
        "controle de serviço",
        "kontrol layanan",
        "hizmet kontrol",
        r"\bSCP",
    ),
    PolicyType.RESOURCE_CONTROL: (
        "resource control",
        "リソースコントロール",
        "リソース制御",
        "리소스 제어",
        "资源控制",
        "資源控制",
        "control de recurso",
        "contrôle de(?:s)? ressource",
        "ressourcenkontroll",
        "ressourcensteuerung",
        "controllo delle risorse",
        "controle de recurso",
        "kontrol sumber daya",
        "kaynak kontrol",
        r"\bRCP",
    ),
    PolicyType.PERMISSIONS_BOUNDARY: (
        "permissions? boundar",
        "アクセス許可(?:の)?境界",
        "許可の境界",
        "권한 경계",
        "权限边界",
        "許可界限",
        "權限界限",
        "límite de permisos",
        "limite d(?:es |')autorisation",
        "berechtigungsgrenze",
        "limite delle autorizzazioni",
        "limite de permiss",
        "batas izin",
        "izin sınır",
    ),
    PolicyType.SESSION: (
        "session polic",
        "セッションポリシー",
        "세션 정책",
        "会话策略",
        "工作階段政策",
        "política de (?:la )?sesión",
        "politique de session",
        "sitzungsrichtlini",
        "policy di sessione",
        "política de sessão",
        "kebijakan sesi",
        "oturum politika",
    ),
    PolicyType.VPC_ENDPOINT: ("VPC",),
    PolicyType.ROLE_TRUST: (
        "trust polic",
        "信頼ポリシー",
        "신뢰 정책",
        "信任策略",
        "信任政策",
        "política de confian",
        "politique d(?:e |')(?:confiance|approbation)",
        "vertrauensrichtlini",
        "policy di (?:attendibilità|trust)",
    ),
    PolicyType.IDENTITY_BASED: (
        "identity-based",
        "アイデンティティベース",
        "ID ベース",
        "IDベース",
        "자격 증명 기반",
        "ID 기반",
        "基于身份",
        "身分型",
        "以身分為基礎",
        "基於身分",
        "basad[ao]s? en (?:la )?identidad",
        "basée?s? sur l'identité",
        "identitätsbasiert",
        "basat[ae] sull'identità",
        "basead[ao]s? em identidade",
        "berbasis identitas",
        "kimlik tabanlı",
    ),
    PolicyType.RESOURCE_BASED: (
        "resource-based",
        "リソースベース",
        "리소스 기반",
        "基于资源",
        "資源型",
        "以資源為基礎",
        "基於資源",
        "basad[ao]s? en (?:el |los )?recurso",
        "basée?s? sur (?:les |la )?ressource",
        "ressourcenbasiert",
        "basat[ae] sulle risorse",
        "basead[ao]s? em recurso",
        "berbasis sumber daya",
        "kaynak tabanlı",
    ),
}
_TYPE_WORDS = tuple((kind, pattern("|".join(words), IGNORECASE)) for kind, words in _TYPES.items())
_EXPLICIT = pattern(
    "explicit|明示的|명시적|显式|明确|明確|explícit|expresamente|ausdrücklich|explizit"
    "|esplicit|eksplisit|açık",
    IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    value: str  # what stands after the label, if there is one
    start: int
    end: int


def panels(reading: Reading) -> Iterator[Found]:
    """Every panel of the text, from top to bottom."""
    lines = [line for line in _lines(reading.text) if line.text]
    skip = 0
    for index, line in enumerate(lines):
        if index < skip:
            continue
        user = _USER.fullmatch(line.value) or _USER.fullmatch(line.text)
        rows = lines[index : index + 12]
        # A sentence that was broken into lines is not a panel.
        if not user or any("authorized" in row.text for row in rows[:3]):
            continue
        found, used = _panel(rows, user[0])
        if found:
            skip = index + used
            yield found


def _lines(text: str) -> Iterator[_Line]:
    """The rows; known labels begin one even where the line break was lost."""
    place = 0
    for raw in text.split("\n"):
        cuts = [0, *(label.start() for label in _LABEL.finditer(raw) if label.start())]
        for begin, end in zip(cuts, [*cuts[1:], len(raw)], strict=True):
            row = raw[begin:end]
            words = row[:_ROW_VALUE].strip()
            label, colon, value = words.replace("\uff1a", ":", 1).partition(":")
            known = colon and len(label) <= 40 and label.lower() != "arn"  # noqa: PLR2004
            value = value.strip() if known else words
            start = place + begin + len(row) - len(row.lstrip())
            yield _Line(words, value, start, start + len(words))
        place += len(raw) + 1


def _panel(lines: Sequence[_Line], user: str) -> tuple[Found | None, int]:
    """The panel whose first row is the user's, and how many lines it has."""
    values = [(index, line) for index, line in enumerate(lines) if index]
    service = action = resource = context = None
    last = 0
    for index, line in values:
        taken = True
        if action is None:
            if _ACTION.fullmatch(line.text) or _ACTION.fullmatch(line.value):
                action = line.value if _ACTION.fullmatch(line.value) else line.text
            elif service and _NAME.fullmatch(line.value) and line.value != line.text:
                action = f"{service}:{line.value}"
            elif _SERVICE.fullmatch(line.value):
                service = line.value
            else:
                taken = _is_label(line)
        elif resource is None:
            taken = bool(line.value) and not _is_label(line)
            resource = line.value if taken else None
            taken = taken or _is_label(line)
        elif not _is_label(line):
            context = line.value
            last = index
            break
        if not taken:
            break
        last = index
    if action is None or resource is None:
        return None, 1
    effect, kind = _understood(context or "")
    denial = Denial(
        Form.PANEL,
        Principal(user),
        action,
        None if resource == "-" else resource,
        effect,
        kind,
    )
    return Found(denial, lines[0].start, lines[last].end), last + 1


def _is_label(line: _Line) -> bool:
    """A label that stands on a line of its own, its value below."""
    return line.text.endswith((":", "\uff1a")) or bool(_LABEL.fullmatch(line.text + ":"))


def _understood(context: str) -> tuple[Effect | None, PolicyType | None]:
    kind = next((kind for kind, words in _TYPE_WORDS if words.search(context)), None)
    if _EXPLICIT.search(context):
        return Effect.EXPLICIT, kind
    return (Effect.IMPLICIT, kind) if kind else (None, None)
