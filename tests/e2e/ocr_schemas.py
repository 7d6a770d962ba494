# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rules of ALTO 4.4, PAGE 2019-07-15 and hOCR 1.2 that concern what pagemill writes: which elements stand
where and in which order, which attributes they must and may have, of what kind, and that every reference has
an aim. Written from the published schemas, in our own words; anything not named here is an objection, so a
document that passes uses nothing but what was looked up.

    objections(kind, bytes)   kind: "alto.xml", "page.xml", "hocr"; a list of sentences, empty if all is well
"""
import re
import xml.etree.ElementTree as ET

ALTO = "http://www.loc.gov/standards/alto/ns-v4#"
PAGE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
XHTML = "http://www.w3.org/1999/xhtml"
SCHEMA_LOCATION = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"

# Kinds of values. ID and REF are followed up besides.
TEXT, NUMBER, INT = r"(?s).*", r"-?\d+(\.\d+)?", r"-?\d+"
COUNT, PART, BOOLEAN = r"\d+", r"0(\.\d+)?|1", r"true|false"
ID, REF, REFS = "ID", "REF", "REFS"
TAG = r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*"
POINTS = r"(\d+,\d+ )+\d+,\d+"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


class Element:
    """content: a regular expression over the names of the children, each followed by a blank; a name with '!' is
    an attribute that must be there."""

    def __init__(self, content="", text="", **attributes):
        self.content, self.text = content, text
        self.must = {name.rstrip("_") for name in attributes if name.endswith("_")}
        self.kinds = {name.rstrip("_"): kind for name, kind in attributes.items()}


BOX = {"HPOS": NUMBER, "VPOS": NUMBER, "WIDTH": NUMBER, "HEIGHT": NUMBER}
ALTO_BLOCKS = "(TextBlock |Illustration |ComposedBlock )*"
ALTO_BLOCK = {"ID_": ID, "TAGREFS": REFS, "IDNEXT": REF, **BOX}
ALTO_RULES = {
    "alto": Element("(Description )?(Styles )?(Tags )?(ReadingOrder )?Layout ", SCHEMAVERSION=r"4\.4"),
    "Description": Element("MeasurementUnit (sourceImageInformation )?(Processing )*"),
    "MeasurementUnit": Element(text="pixel|mm10|inch1200"),
    "sourceImageInformation": Element("(fileName )?"),
    "fileName": Element(text=TEXT),
    "Processing": Element("(processingCategory )?(processingDateTime )?(processingStepSettings )?"
                          "(processingSoftware )?", ID_=ID),
    "processingCategory": Element(text="contentGeneration"),
    "processingDateTime": Element(text=TIME),
    "processingStepSettings": Element(text=TEXT),
    "processingSoftware": Element("(softwareName )?(softwareVersion )?"),
    "softwareName": Element(text=TEXT),
    "softwareVersion": Element(text=TEXT),
    "Styles": Element("(TextStyle )*"),
    "TextStyle": Element(ID=ID, FONTSIZE=NUMBER, FONTWIDTH="fixed|proportional",
                         FONTSTYLE="(bold|italics)( (bold|italics))*"),
    "Tags": Element("(LayoutTag )*"),
    "LayoutTag": Element(ID_=ID, LABEL_=TEXT),
    "Layout": Element("(Page )+"),
    "Page": Element("(PrintSpace )?", ID_=ID, PHYSICAL_IMG_NR_=NUMBER, WIDTH=NUMBER, HEIGHT=NUMBER,
                    PROCESSINGREFS=REFS, PC=PART, ROTATION=NUMBER, LANG=TAG, QUALITY="Missing", QUALITY_DETAIL=TEXT),
    "PrintSpace": Element(ALTO_BLOCKS, **BOX),
    "TextBlock": Element("(TextLine )*", **ALTO_BLOCK),
    "Illustration": Element("", FILEID=TEXT, **ALTO_BLOCK),
    "ComposedBlock": Element(ALTO_BLOCKS, TYPE=TEXT, **ALTO_BLOCK),
    "TextLine": Element("(Shape )?(String (SP )?)+(HYP )?", ID=ID, STYLEREFS=REFS, BASELINE=TEXT,
                        BASEDIRECTION="ltr|rtl|ttb|btt", **BOX),
    "Shape": Element("Polygon "),
    "Polygon": Element(POINTS_=POINTS),
    "String": Element(ID=ID, CONTENT_=TEXT, WC=PART, SUBS_TYPE="HypPart1|HypPart2", SUBS_CONTENT=TEXT, **BOX),
    "SP": Element(**BOX),
    "HYP": Element(CONTENT_=TEXT),
}

REGIONS = "(TextRegion |ImageRegion |GraphicRegion |TableRegion |MathsRegion )*"
REGION = {"id_": ID, "custom": TEXT, "continuation": BOOLEAN}
TEXT_TYPES = "paragraph|heading|caption|header|footer|page-number|footnote|other"
PAGE_RULES = {
    "PcGts": Element("Metadata Page "),
    "Metadata": Element("Creator Created LastChange "),
    "Creator": Element(text=TEXT),
    "Created": Element(text=TIME),
    "LastChange": Element(text=TIME),
    "Page": Element("(ReadingOrder )?(Relations )?" + REGIONS, imageFilename_=TEXT, imageWidth_=COUNT,
                    imageHeight_=COUNT, imageXResolution=NUMBER, imageYResolution=NUMBER, imageResolutionUnit="PPI",
                    custom=TEXT, orientation=NUMBER, conf=PART),
    "ReadingOrder": Element("OrderedGroup "),
    "OrderedGroup": Element("(RegionRefIndexed )+", id_=ID),
    "RegionRefIndexed": Element(index_=INT, regionRef_=REF),
    "Relations": Element("(Relation )+"),
    "Relation": Element("SourceRegionRef TargetRegionRef ", id_=ID, type="link|join"),
    "SourceRegionRef": Element(regionRef_=REF),
    "TargetRegionRef": Element(regionRef_=REF),
    "TextRegion": Element("Coords (Roles )?" + REGIONS + "(TextLine )*(TextEquiv )*", type=TEXT_TYPES, **REGION),
    "TableRegion": Element("Coords " + REGIONS, rows=INT, columns=INT, **REGION),
    "ImageRegion": Element("Coords " + REGIONS, **REGION),
    "MathsRegion": Element("Coords " + REGIONS, **REGION),
    "GraphicRegion": Element("Coords " + REGIONS, type="stamp", **REGION),
    "Roles": Element("TableCellRole "),
    "TableCellRole": Element(rowIndex_=INT, columnIndex_=INT, rowSpan=INT, colSpan=INT, header=BOOLEAN),
    "Coords": Element(points_=POINTS),
    "TextLine": Element("Coords (Baseline )?(Word )*(TextEquiv )*(TextStyle )?", id_=ID,
                        readingDirection="right-to-left"),
    "Baseline": Element(points_=POINTS),
    "Word": Element("Coords (TextEquiv )*", id_=ID),
    "TextEquiv": Element("Unicode ", conf=PART),
    "Unicode": Element(text=TEXT),
    "TextStyle": Element(monospace=BOOLEAN, fontSize=NUMBER, bold=BOOLEAN, italic=BOOLEAN),
}


def objections(kind, document):
    try:
        root = ET.fromstring(document)
    except ET.ParseError as error:
        return [f"not XML: {error}"]
    if kind == "hocr":
        return hocr(root)
    space, rules, top = (ALTO, ALTO_RULES, "alto") if kind == "alto.xml" else (PAGE, PAGE_RULES, "PcGts")
    if root.tag != f"{{{space}}}{top}" or space not in root.get(SCHEMA_LOCATION, ""):
        return [f"the top is {root.tag}"]
    root.attrib.pop(SCHEMA_LOCATION)
    found, ids, refs = [], set(), []
    for element in root.iter():
        found += element_objections(element, space, rules, ids, refs)
    found += [f"{ref} is referred to and not there" for ref in refs if ref not in ids]
    return found + (inside_page(root, space) if kind == "page.xml" else [])


def element_objections(element, space, rules, ids, refs):
    name = element.tag.removeprefix(f"{{{space}}}")
    if name not in rules:
        return [f"<{name}> is in no rule"]
    rule, found = rules[name], []
    children = "".join(child.tag.removeprefix(f"{{{space}}}") + " " for child in element)
    if not re.fullmatch(rule.content, children):
        found.append(f"<{name}> has {children[:200]!r}")
    if not re.fullmatch(rule.text or r"\s*", (element.text or "") if not len(element) else ""):
        found.append(f"<{name}> says {element.text!r}")
    found += [f"<{name}> lacks {attribute}" for attribute in rule.must - set(element.attrib)]
    for attribute, value in element.attrib.items():
        kind = rule.kinds.get(attribute)
        if kind == ID:
            if value in ids or not re.fullmatch(r"[A-Za-z_][\w.-]*", value):
                found.append(f"<{name} {attribute}={value!r}> is not a new name")
            ids.add(value)
        elif kind in (REF, REFS):
            refs += value.split() if kind == REFS else [value]
        elif kind is None or not re.fullmatch(kind, value):
            found.append(f"<{name}> has {attribute}={value!r}")
    return found


def inside_page(root, space):
    page = root.find(f"{{{space}}}Page")
    width, height = int(page.get("imageWidth")), int(page.get("imageHeight"))
    points = [tuple(map(int, point.split(","))) for element in root.iter() if element.get("points")
              for point in element.get("points").split()]
    return [f"{x},{y} is outside of the page" for x, y in points if x > width or y > height]


# ---- hOCR ----

HOCR_PROPERTIES = {
    "bbox": r"\d+ \d+ \d+ \d+", "image": r'"[^"]*"', "ppageno": r"\d+", "scan_res": r"\d+ \d+",
    "baseline": r"-?\d+(\.\d+)? -?\d+(\.\d+)?", "textangle": r"\d+(\.\d+)?", "x_size": r"\d+(\.\d+)?",
    "x_wconf": r"\d\d?|100", "x_fsize": r"\d+(\.\d+)?", "poly": r"\d+ \d+( \d+ \d+)+",
}
LINES = "ocr_line ocr_header ocr_footer ocr_caption ocr_textfloat".split()
HOCR_WITHIN = {  # class: the element it is, and what it may stand in
    "ocr_page": ("div", {None}), "ocr_carea": ("div", {"ocr_page"}), "ocr_image": ("div", {"ocr_page"}),
    "ocr_table": ("table", {"ocr_carea"}), "ocr_par": ("p", {"ocr_carea", "ocr_image", "ocr_table"}),
    "ocrx_word": ("span", set(LINES)), **{name: ("span", {"ocr_par"}) for name in LINES},
}


def hocr(root):
    name = lambda element: element.tag.removeprefix(f"{{{XHTML}}}")
    metas = {m.get("name"): m.get("content") for m in root.iter(f"{{{XHTML}}}meta")}
    found, ids = [], set()
    if name(root) != "html" or [name(child) for child in root] != ["head", "body"]:
        found.append("not <html><head><body>")
    if not metas.get("ocr-system"):
        found.append("no ocr-system")
    abilities = set(metas.get("ocr-capabilities", "").split())

    def walk(element, within, box):
        kind = element.get("class")
        if kind:
            found.extend(hocr_element(element, name(element), within, box, ids, abilities))
            bbox = re.search(r"bbox (\d+) (\d+) (\d+) (\d+)", element.get("title", ""))
            within, box = kind, tuple(map(int, bbox.groups())) if kind == "ocr_page" and bbox else box
        for child in element:
            walk(child, within, box)

    walk(root, None, None)
    return found


def hocr_element(element, name, within, page, ids, abilities):
    kind, found = element.get("class"), []
    if kind not in abilities:
        found.append(f"{kind} is not in ocr-capabilities")
    if kind not in HOCR_WITHIN or HOCR_WITHIN[kind][0] != name or within not in HOCR_WITHIN[kind][1]:
        found.append(f"<{name} class={kind}> within {within}")
    if not element.get("id") or element.get("id") in ids:
        found.append(f"id {element.get('id')} is not new")
    ids.add(element.get("id"))
    for part in element.get("title", "").split("; "):
        key, _, value = part.partition(" ")
        known = re.fullmatch(HOCR_PROPERTIES.get(key, "$."), value)
        if not known:
            found.append(f"title has {part!r}")
        if known and key == "bbox" and page:
            left, top, right, bottom = map(int, value.split())
            if not (0 <= left <= right <= page[2] and 0 <= top <= bottom <= page[3]):
                found.append(f"{part} is outside of the page")
    return found
