"""What the search starts from: small tables, and cells that are easily misread."""

from __future__ import annotations

CELLS = (
    *("0.5", "1", "-0", "+1.5", ".5", "5.", "1e3", "1E-400", "1e999", "0x10", "1_0", "1d5", "١٢"),
    *("0.1000000000000000055511151231257827", "4.9e-324", "2.2250738585072011e-308", "1,5"),
    *("", " ", "nan", "-nan", "nan(1)", "NA", "n/a", "Null", "none", "inf", "-Infinity", "--1"),
    *(" 1", "1 ", "\t1", "\u00a01", "true", "cat", '"', '""', '"1"', 'a"b', '"a""b"', "'1'"),
    *("caf\u00e9", "\r", "\n", "\ufeff", "#1", '"1\n2"', ";", "9007199254740993", "1e", "\x1c1"),
)
TEXTS = (
    b"pred,label\n1.5,1\n2.5,2\n",
    b"1.5,1\n2.5,2\n",
    b"\xef\xbb\xbfprob,label\n0.5,1\n0.25,0\n",
    b"prob;label\r\n0.5;1\r\n0.25;0\r\n",
    b"prob\tlabel\r0.5\t1\r0.25\t0\r",
    b"0.5 1\n0.25 0\n",
    b'"prob","label","note"\n"0.5","1","a ""b"", c"\n"0.25","0","two\nlines"\n',
    b"id,p_cat,p_dog,label\n1,0.5,0.5,cat\n2,0.25,0.75,dog\n",
    b"p\n0.5\n\n0.25\n\n\n",
    b"0,1,2\n0.1,0.2,0.7\n",
    b",0,1\n0,0.5,1\n1,0.25,0\n",
    b"label,a,b,c\n0,.1,.2,.7\n2,.2,.2,.6\n",
    b"pred,label\n\n1,2\n\n\n3,4",
    b"pred,label\n1,2\n3\n",
    b"pred,label\n1,2,3\n",
    b'pred,label\n1,"2\n3,4\n',
    b"pred|label\n1|true\n0|false\n",
    b"caf\xe9,label\n1,2\n",
    *(f"pred,label,x\n{cell},1,{cell}\n0.5,{cell},b\n".encode() for cell in CELLS),
)
