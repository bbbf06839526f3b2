/**
 * Direction numbers of Sobol sequences, by Joe and Kuo: "Constructing Sobol sequences with better two-dimensional projections", 2008.
 *
 * Dimension 0 counts in halves. Dimension d has the d-th primitive polynomial of two elements x^s + a1 x^(s-1) + ... + 1, by degree and then by
 * coefficients, and s odd numbers m0, m1 < 4, m2 < 8 … to begin with; the others follow:
 *     m[j] = m[j-s] ^ 2^s m[j-s] ^ 2^k m[j-k] for each k with ak = 1
 * The numbers to begin with are below, in bits from the lowest on, without the last bit of each, which is 1.
 */

/** Dimensions that there are numbers for. */
export const maxDimensions = 1111;
/** Bits of a number. */
export const bits = 31;

const packed = [
  "A6WmkBI3CUCq+nEwripujI/IjVHp3z3zbUeUJ34lMC2mWEftHzap14QRbUjAZakT2VH1gu2xjiSiRWqh4YHvTfPYFBvK32D6/vsHS6uY/LTrSPC1oJaHH3gKsgRmMpXjfAGy",
  "3OXIOXpv7g2hHgxHtnLYD5E0ivr3aqmqJqwcXdb3NYBNEIFwLoLViM8zy0cLfbQtlhw8r+XTUoPf71NKdEP23O8U+s/GgJL5TitAVLXPl3RrcKdQCg0aCLJ3gP32gmqgLJDf",
  "GP/5QT7b+lEg9T87bp+Uh2RR69t6CIyBZtWB5wOIdCp6vgqufX+Mpj1dxWQgcHwlSfhheEKn0Ea4qTsvOywLZ50cY60/ipZW0LYSf0rIE3/IPA3wPOfEOgAAksje/KpjiHey",
  "qcHrReISdt2oTR1KsZCBd/qZQ141gzaZYpuzLTi+Zmvgf6dKWDq2zSXUS8pFSPG3cpbM7z80L6Ox8tlWynQHeO2eOw0RIoBbZR8on1KZ/0flTLFpM7jgU8kUwYln4ke88Sb1",
  "gwWf7spOz+QT2EUE79z3glYXMhk5asDqvzJnQpXy3LfaTjyMh87wsJgammUtnsRs7ZyMfGZbApDcY3loXOqo4nVru06mUlWGKjlzWw6N4yxhORfWlJ9gpxlqchP6ewTNfrj0",
  "EBB+uaZy7sEkengvcyRCcLqCO1Cs009vp3Xw5ywMwXdBufZBgjL+DbWxaP3dC3Q8YR3wxVig8yZkbS+zSVmfONPCGymhBoAZgZZ3Z17jGKq2tlhRUfpYb+Wn1W9o3YYz4G9+",
  "yLuc3vo0qEQyx+UsYE+P05csBfmS0h+kli9rEgRmixeb5cu74VcJ3tXk/3U1pfWWY+pr8rXRCEDaTKVppl9z5G/XCqbOXpH43D565S+1YROOGPPZvTHewwmhzhtrpe7EG4Mf",
  "ZMuz1MhFF2KGyRaZDcCHay/sbdoICbc1m6PVDofLBTaDH1M+otur4LGiZcYj0EEWecBqnGdBaoDPK/e6trMT/kW97w+M2ODoFwiYMRzK0OjYTMY9G8f4Gs6eSsg2SjjF9Ndz",
  "H1urPq7caXnfA21mLwtjaPuL0JAFat09qI5yp5eVzwyExrqrH4CVhNsQuNLKuyyxSRH7SzYyaX/KrwHxamgXi9mxVQ1HiwjzEGsZ1m0AksztZEUn/TfODcRU3AEnV2/jb2q/",
  "Pwll5AEey/o45CqP/QaO9f+GYMEQ36GMSySVfN9UlCByP3nXyCzFgWP92dQyN4zZE2dKs+CLGFYXVEYedemIBQim2GhYVAc3NW9dUSy9Vzco+QPUxItSrVJ6CckGFFFiB1pz",
  "Ak5xoRxiuvhpXTthKe4sL9Nnrzf2ZlGRL5PUynxXKjUGqB85u2DoSQFhvLzcDTS+oJgFa5Ih32kOtdhmkI0XZapgKviYbk0eA4x/LNVjvCNbdQONNEKEoiD3Y3uVjOtXYxh2",
  "N6Wb8JW/spBEnZC3ScdhGet+P2wi2bs1jCZcPq9+a1T77utHqwGZ4C+Lyb6HIxb6le/HeZjTJ/Yxky1V/ubik9r4t9AKrihKdezTr7ZKskBWxbYLwZbqikQjAc7M9Jtmx1BE",
  "t13+MOk/+idm9NXz/eexV9xUKd0sxnPfLaYWZWXkAVTIYAFQUEBqISYNUumV90ttRE3SJ7YxkCwBwyjtrSfvtONc8T+agEhRL2TkvxKBvMiG7Dpgiuv0Z91s8nD5D/dylHUw",
  "BqbSs4Z0/+fGU4VMciHOQztmVyapEo4wHiZTnZ4/IWK6VKyr66EMmhDm9Xox0ZZmBQMnZnAuHJkzoYX1suBH1KtX33/5Hux04ii4P1Sep6sQGAcfi+FPjSmiNQ6aHhEahBCu",
  "8SftOETAP/tFzjzyfhPLyXlQXu9m0vKj3hl0pfKDE2GGwaK+lGcx3fqjtJx5JgJ22ao3PbNgnRaoWr4qnQ00lB9UXultRRNCCS+pzBvQvQkRyp/QUrUXhDBocxEDp0rfRycU",
  "mkMqBAGBoOoG7DsYRXO1BEoGDkEmvqps5r5S5d49bCubfdsgt+Xhoo7YgaqDDuGvCBKNISpFAc7kIAGJtja0WVquLcfrmwrta16B239lM/cao2xypqlnKiJDxZFXKJz9jVFr",
  "Pd4AfiQSVU3XN7W6SQzt6EewYc3S8AbI1sXdp8aTBS1CuZ7t+9VAN/DXxwf40KH6BTOJhrD7OYd3x+8Pcjmp8yk0spNuCE+IGY6PGn6daqm5w2qn7p4t2k+5+sARDCaD3edL",
  "WDAteOYzVXBc8xC+0lXX2eDnbmtqs+SVJ1qwMUfesLH1UkIu180wpzEm4+Eyy+AzsmYOGLLYGdpSkOi5Sc6gUcnLGjF7Oyaw8NoxnOtPsvLLnPFJhnzlQsdmmnm3ZnOp14m5",
  "t3A8WncT3s/XVu/sImL7Fp1AOHf5COIDrlqIKfOPIY1ZRzzy+RUp5YAidUzJ8KkH2KiftRcu76okhExfNoVTQeWJboXlnjHTVBpdFaxxORPmCbyve7QSlea5fQwfPnbKRYSU",
  "nShXODRlOC86D3W8TDfPg7hz1RcmF7rYF9ZBbm9YFXAdLU+zI88pdvY6lRgKfSc/XMVL+wc8hcDo5+psi7Yzu8Vt3q5QIuh5H/Wk1gajXrvSGytNYoyYeElMBEhW5/8UMSM7",
  "17/+dA0O+Fp5hvgPI+TkcE8DaXJgSeGmLebfnoVm+WxadfV7mb9IidE1Tx4CU9BvMbc+ISY2NSwJ7YRaG0mMDniUeKAxV/xV17U53ssKqkRB9ELh+wPpKXYG2dnPCYAdwU2Q",
  "XybGWfaQFUSFReUF+LxA1YC7yK+4ZNSi/yCDfA9Xle5FSJoq8wBFSZfiU58d2guR9mdCCMKCNvFXB0krUz/20tafU3uZAOMb61o8LpEkhkMFcK/1YyqJJf6BA0SuMC31p2sx",
  "aI6Z3ES98npw37ynmhll+va6d2s3TerHvvt1YVzfHKiQmbP4eF0TdWhu5zTx1tWtpVJJqWDlxG9p0lCisSNwH7nLylAoCtz81jDtDVM+Rk6ShT0gr4O9Z2nU0NTykomJdpJS",
  "voz9i6wf+TT1IV+Tu9VmDg9IFPqiRJ+IkVxC2wHIX6hLuUUt+WC1yLqWZwbkNRO2ipVGqfReSJMGYWHA9oe5xTPankVWt7aBi6HRBxvpR7xMCH2FbY8Z4z7UlwxoywVJNM2S",
  "JMn5FLUoSEi+wHe8tko00bFRiZ+hA7Ptax6fQQJjeGPpr1XjPjDYGXlKvs2izrcvUjs1SmMS31afS9j5AH6huGrVjGB9qd+J+bKZCj7yKGV2WyOo4ol7C2tT2hf+YVMo9mQn",
  "/qKi3/ahI/JnZ/iczCYwpza1cZp6/VAeifmL7tBunsZHlNaaHZ0WMdm9hHJda6303jedCfEknv7yDDGMLlKtgOuTLMXcmOyz0DhbIdJ696ST51VzMtR4dp1IFjwdF4AWvLGY",
  "anfmKNSLyug59m7UX4BXiNTb46HSPVoZBZr+6sVt9ecFspc1bFddbc3m9pzGofOvJb1ZZ6NZdH14nqE55TtyjYP4IKfe6+WNxYVkDS3b91etT2jejm7Cq/wn4VkZ3JK/+PX6",
  "ge3mT7asAYMu8MYdG7LvGpU3Ij4ulWvdsGS68S/q2p3cGWtX5cVQvMzxM6I/GLdrWRGkF5TDlDLnzfrn3GedrGfiDj3uloeu1Lr9kvNw1ue8f+ky6mI8ZTpm/0wMK36U6ZRM",
  "87L+f+S6W+otwWm5dOiRlzx4l42eoIUTzHHFPzEMDTGvof3TCej14l0N4Z0NhYEp3pHKDtlJzxbiEOZypSX1L4IXbDZ/gYGPnWe2SpE9mHXKBLW5Ymy8xW/XdOpfKhLOsBqG",
  "x4XnQN0SoKfcBR2JxrU2nCIVyAlA55uB9DwyyUo/UMpoUMjxwFYQrkMOuQXbACoGlgybgmpp0USAR4khXfF8ztHThVRUTaPT6IoFKqMrMgsB1ZtbYN3vjrL3iaOnNWymHJ5K",
  "mz7Qanm1qAvMFs2e/Mj9tgiIeIIKPXSTvK5QyFRoYnJUYgLEp9ScReNGCAHDM2AkU/gWiFApat2LEweFJzVJLbYl18T9wPUaa2GCeVQs3G47oFprkBg1GDpuI7AE8Dzuli10",
  "hx9AYg4xc1DTtCzW1+l3pOqYaEF24Lz8tGxBeEunqeIZHqL9ajGaVDsE1TR+/rn5u+nWw7zXiCcUaEdiOqsCy1oiB1aTlcc9MXu/gz9WAxVHewiEJ1IO3XuHRDIQFbL9C6+A",
  "wyBYlDHTMMibFZ1L14qrqlGEnVNiijqYYJHERp5PfSJ214/81A1qfR1JwJTd9yfx4M7zMOjSo2WevvZ1eP8uZUIaqkrEUEebq4Rbrdb+C+MpoqwfSJXtDnllC15FCqPJUXLY",
  "/H+7xF+NEl5zVlAGJQnxfHGGPl5HNIcoyODX7xxI2V91UaTSizLkcU9MpWbLMndpOlbDGN/BbmiN3jNOjquZvqNmPYYMymdxLjTECYGLAFHc4Xu0hzRwlGV2dMv5JLIvuMkO",
  "lVgEmCxwYJ0tRR0JQ5GP/foEvuVop4cqnRWA8xjeHFNw6zwL94xzGtHTWPGc9ERn4WvJk4p7DyV9lBMXQ+wYX2eYR1vfuAeNgQxZYf1SfYP628A9kKjbCeqZnwFjQtQvKlYi",
  "quJlMaJqlALbq1tHl4ISp6o9fZEXtFAvO1qNv/WUXud3Fx2JS+GzfiXPlpKlH5S9gDnySC5MaubrNfSncg1icFRm0bYTyvk6DMay8ICtGPQHU58Tcl+rEMbKcVUL82S6EeQl",
  "Bm8sm7fX8viFMfDELAA6ubc1LhpVifnrT6QKmSSxQ+3TmBVZkJL6tLfK92FUDZKG2dZKWuzyWSL7A4VgFwgFIMONqH9wgRgz3pM2isSLKi2sKytSgJZ1cMvr5D6mp/3SbdV2",
  "yeXw4HsATZcaXbDVpDO38A2dUM99XMOTCn0Va5hMHVRwHxP2Y+cF4xAFBukPYJK/dqju8sCMbI9aKOEGIikMGNfXk1IBDHqLls7aAweVvwkJBkwid6PyMr/pgArxDERZgQje",
  "uvupIp83zk3J1jBZzfMW0cctImpXUihQyf1pSZH86F+zorO3YqxHyHs7hXeAYbHIdOE8ZNvD6nTUtFCzpmgBxWAPzgsdxlIPTi+QaudEOqjsQXZxfbcAnjSUc4INNM4eShtD",
  "Eoaq/vONXTx0VuFpuWTSnHtZ65NYMO+G2sUyMTVUgWrj+Fjjdkow9GBLq3sl8k61aUGZ/5bA3psgeqRZ7TIDO5Xrd1Oc+57pKBJvJBOwLOSfxJypiI9x0Qr3LZ6PyKfO4bjS",
  "l1AP20w3/LeNfGZB9dR+9EP7rA95s+30UURRMkp7ZDp+OUzhegujaT8yfxPhUYcfoC//2JOS4k7qW1UUTULSq9kqJwPJJcZ/6VkV/qEz8lQz+acf7ngtVA0tUhh1FOPIM+3v",
  "DuvdbBAwwMkH4E3sFrKUZw1csQhdNDCO4c+uCcOGm82O+9WUHReC7KuWZKdbR/sW3I2PO+xO+RhTb94jXlg97WFWIneTuamLH3Ae0/9pgWs5zD/pHoIxfVCQ6K6AjPwdfzGU",
  "T4ArUd2usJKB6jjtG3eQ2meoY9GaD426MT7q38eGSS4ig2fjWsk15lYGnYYwK8VEEXeNknSTSAJVh9jjdljiJpQwpXrjDMfTOAOwLKj45SfNwBzuwlXWgEApLK3SXBIL9ShF",
  "6nRXVnabq8oFCbNmZnEeBI9OHqrs8TpFm4E7uDpY165441hLf5efDZ7VNg2qp1B+lT/bV9bHJS2/2wbKJfgXxzlwu8DWatWqqXPrudfCKnkybfK9gRz42fcHu6fgpiN3LOel",
  "XaXrE/yOSpRTBkh68BtHceLyk1+Lh+kYOSfpcBRgljwYlX0c0+GDLzm7ncxIflp/Tp9jnnbG14mNdrT4T1ZLee1SldhMT4Uo/d6uZuK8vi32eIvZbtBVHNn9Tsr+AxwshMBY",
  "huwEdy3DNbf8csh6YRJ/ynWm5vgv4z10GclFxUNoPS7Z8Vkbb9lyQbfABHJUZ6M94SLG98ZvfkaudN8swuFqGdi+AZftCAH9006FVyOXwetT3Rkw9mNgK0YMQHNyDQCqCVGr",
  "K2taRnY8wWOQFa0ykt4uXZyR0kzNIRFSeyUEykXkwjGPp7MBBXPF4sKW05nk6QvE+GH/GaP7PSBboZv0VsT1gwFagzxGdVHRK9TgAGJkqpA6pK0vTO4C9UG97F5aEkg9Evg9",
  "dveKr/rfEEQHZ1FIYdY1pJJPuFwsjmKlijgLypRuT9Rj3lEO7t6lNuMejP0uRpm1XZGMGd8nv8KTQvEZnx3x+QCj4+xGM4Pn0CN5CYwzJdxrLlFzFGIBJICWhK54dkB1dlWl",
  "BNSn9u3GihCgB/0Kl4S4cWiHVhJsa6vUtcuRUfL3TLG3IHrXJV4jxt7rmViA5otDOlOPp090MJU5piMg5a53LVgM4xl4hjiam7u9+fDsfff4XSTKzfpgHbbSIhgazJeUKVdx",
  "PbsONjcbWLN75ihYqTcXtIxBdzgty28h+nRy8jUbB5g4fw8UmEnIJQCcUhvySPaqcQxRTK/8aObMq4Uk1xf1hBCk6hjnDuxeDjQ2yk+OAOuKiyyvqUBoHpKJe9x8R8nCDBxJ",
  "qP7ZnShsGz3uRlWqbmY1DMWMEfX3ozg/DuSYr/nwRKYihL5I+yKaCoSqzby6t2LSzmwjGLSXLS2o4fx2V1TpnjLoqxd2htltrkOGXs4izhgUVgk79+a9C5M2SuAw1P8Iwohp",
  "yHibJkYqFBySiZ8Ii6x4LjjKOxa38Y7R78BPHSBnX7fC9/jy+f9AnzBNRJH9bcJ8jmRH52u5gNnKOLA4KcQsuxVet7L0R7z9oqvwbBhbje2qLz+n3wHNxUPBcuAJkQoaIPhw",
  "giiDBPdMiAipHXPNhB3YTAJr//oeYHLVDU/PaawilyEj30De/TO1NrrqI9US0X8v4BuS/g/igayCi3OwKc7Lk/196p/wB4Lixq3ZA+JGuLjsQuGqNAiMK+cVWh6MSRmDw4Z0",
  "V9lMjTdXUIvcwjP15803U45uoc2QOlb2NLJRSelTHScSoCFkGEd6lv+JgKDG2AhIvRxG3THQTjmUbptXlAi7G4RzNKtVmu3tEaogyo4xbvVl2T5S/VnSs1ktwQ/2GMksgAzr",
  "pCNVGWB3Ul20fFsbEcE7SypOhFmNRg+3LFb2LhhF83JUH1vVOrzIOlOyFyNKgAWMMOmePtaF5f6SEjzCZ4SxHtm7E86LmLRPYbPOtLtRXYO2uP03vReO0xJFM7CStMOl3vu9",
  "KcUnwr/UFntfjcuTaqMpaBqnNR1j5Ac19Pph3d4ac9GTV6lpIGP6CylIQFkdxJj1MPmEni1C4g6O6MkURbjSwm956MsErSIaFMYRtzPmZlZCh7698lXg3Q0mW01ON/er50pM",
  "3Pqi9LMAWaAmqRz4CkpbC8xxfl/z/QtCgiDP5lFzv3kTuq32A5cL2tSHL8mf420HBWMO3j6v80dRFKPN5W2BQE0uaePZRfi/+f+d5kW/pQEEU6qAh+FeUaAkJcP5t3gJP+/Y",
  "yVg4ikcU4tUaY60hgSdJgtT3RcrrdntL/4cS8aTWs9tSy6sAJJEgdEIakOurU3elUCDIh4ATcvZmgg0msIv6Nmhh9OAoQtGmUFx/U2ukjXJUJVq2bDlnTwIRIGERv1Oop+TE",
  "WY91D4n4zp2zC7JjYxiLKScwZB0sKe4SlUHJjR65UM8LBWepqQy9A70Ud1I1i+H9Yk+etKB7wlCzUPh6mmpbbg2KcMB3986AOVu5SQfb0WkBG7kz8/fBZ4PkTPPDfo69RVWy",
  "POhnbsjJFc+IjTrH3sh/Muocx4rWrCAOJJ0My2enCyXLEswx97tCQW2whthN5hqIrxd50VofViKa1J9ppvJp2o4kuL685OiyBJgiziFXg4yROnl9s828BqpYv++Srosv0dqW",
  "FpApGsZ2+bFMCRg/BSMzeWG7/VKwoFrcpnKTGpPD1xEYT9AFMXK3/WKaAc2jNzWgpW21e9Zcl2Hrlvz3LGPeCrQfmHCQHBJXtDgS/jz3NwUTEb7AK3OPkFSRuk0fmm+kq/vD",
  "oknSiS+PdS2eN85UCu+AAAs8bY93yUV/I+pxUwBXDsueE+u05Ol2BFwNsTFOsO6cQtxjqdk/xRiiJXPhF0X70Ml0wHwTNeoqzb7vzMOolvGg4AfCuS9dqTeYq0DrUhhTb9B9",
  "gzK63cKIBl37tU+ztd1L/rRNEYeH+8/EITsXB7snfh6lBNgKBq0o3LYYL3PbBKrp5fLUXHdrMclB1FdyqIl/sfweFPYSbtWJGFvoM4VpeM9YFNc/HmHeBaVh0O+anjaWtUCH",
  "6QZcOoJwsamJZdUq4+oXABcjQtqSvPViNs3xqB8C2Dj2urVGdAA7TBdWqd/L4gEdWmtufNALvHdf3ukB2/I5lpBx4Q3AtP1n4oAnMEYu2Es8/MIOpj036NrTr4Fl/fArcsjz",
  "JriyHjqAyMNWFNvv/WRwqDPpw3K5SQNdOJEo+6uEt3nmDsffjQLnbJKbeA2rFsPKQ+xxsMd172QqYRQKGaELvOO4vKh9U3elxlYrOYbGCGbH2sJm1oON1mUF3NsmlYb/TQTN",
  "DFbBZjwQHnea9baK+5trSzHJu3FicWfAd9GtWfVDWg57b79UfPpAub7Fl3QgZV3Fs33O0svWD/K8vmsz0nkGwT+jg3XYkHxlhWPduxxdO9TKmssjd7Z+jBsaqTBlTbIkJXe6",
  "H9ogOunb/61c/XawQazLCxINXRzbyw5tGF8zkJfSOQmsTD4xRGaRCz5XtU21qrGgP+GQhs5Ihlqp6UFelxQnG7WRD3FHlK92ySJtKtHliky1PK0SJHLWCKn17fm1dFDSPpGu",
  "TzVKi77Btv0/ecVw6keev4zlXPfRSMMX986Nvxn3n4fl/86QFY/f2dp8iT+CQbc5sGcNt+9uEi7rizag4IFaNoSLwIfLyPTlsjaUdYZQenDOVm9aRjy9OBbQI0V7DIT56nmA",
  "vWV1MX6fn3kY+zlOIR4azV4ilrXh+ypwMtHH30kQM8XqWnBvRZadRMGfx4k1PngtbRCovcuvHlvLVz8waPcgA+ypVipMiafulwpSksO9ncJQWw6SVY8+xiRrCKYIvAwKMs8V",
  "l10pGwIgxkn+Ferbf3qBorl1Lwp+clYiLvSVpS4FCIvnlS+2sosoReEUg4SboE8aDsmibtiYGetGldhvrCQM8a1/2ySXq8ab2ChJMD7do/HTB74gF2bAXVZlOtsmGI+q3p4V",
  "9O/AtqC5Bzc0GtrdfLt+iwE46dL39FFaZkjdpgi0ovVrJoTymMR1nFZGLCxdc4upzEOThHwatVUbQBjO+8e34hpoJf4wQcWTTQaHrTJWC1qG9h7vIE0+hylzkgOutL+KejR/",
  "6Bmp88D03Inr51u52K57kYKsEhussx7jh8JkshMQqT/MMugWPOvXAgqxPuMJITBiv2BJt9ENeiUkWXm+NpJ3XuE3k5IudjgKdV5YxW99Wh0hczdc0CLvwsaLO6oJcOyC8KDs",
  "u0wYLaDNbsqL3/nQVzJ6XEkxYOKpI36w6yt+OZIDD90C321IcPK3usG6MtIHfMDx1lq5YCQ0HNdCyVD1XyjFKXnQgRUlLbGv9kuvpdKzesueBzDkkIgzYAxA6IQ/g9yGoPNY",
  "GcJJmj+JxRla7QTVgDNhauHx2AeMtC2A96BQSH/8M5vDhp5qzDgAg8SEErfkRu1F1R09zTKkWKJN8ZQGXr9GaR7IfIxSVnlp+VIypWjo7IxoFHNZm5x+X8O3rEoVUWnqwHqQ",
  "leqCiBp6kiqp07ggj2k+GdyMqJlovxKykeWnlPhrgxOO7R97bC4P7B1xe1tzsDoMyClOX9yiCCvEojY1ceutcUgWIWcWM069BECRWcrVxSfXWkcjx79pDWeSunheF3fAPtfS",
  "BDRzYEB2GvVwgk6rP8jq2cdvqVdRgfoC6rh3U3y6R6k3okOPAeX1p4FvnBOpH0dUv93Z9J4Bxrt+DK3PC0Z9dp6Bx8PP4VKwJyID4+Bz7Wgi7A4uPnqFnRU5Gc7G7ZznYRTB",
  "dKRNiuICOhNsrsYFd7Du+9X+btSITgwbE8fmMw+X3QnwaD/uMZ3nd7hhjRu89t2ISK1jfgNYrpgs4DF7HNLGQI6zpaRYHs48HldAEOwObUwpUXS4Y9Sydo29SX8nJCjq9z0o",
  "FQiInXTnaQ1XrO562NFMewS12iYJ0mltpoTDjw+4LNpVb9vcT1W3JqysTMPgiHOugJbsVrCnhs9ofu2k3gNjaVFlMWumKyN1DBYHwMjpX1EwTM0Uz7ep098raSjqOAyIiABi",
  "RCRwDf4olx1NsHVtSIIFtBohLH4u50kx1f73hc6wOEcjMtnbbrQvb86QeEJfca6jlBj+Sg+oUwATZoxiecZU5qwEFvwbCR2U2GLNZytD6Rn24ZoLol2HqQSK9ljkvBICNBPP",
  "+Rb9e8TCMSiw0s75IbVb84TanzH6vydZvofgQQqzZzMtcq4eUqR2P6BqBGEHPujy2uqd/bmNudLmYNOA0j7erEtK6bpUY5qkEsXTFbRwKUaHash7WqrSpfY9NN4tAgxhhTBS",
  "yRzcYaAHlnki4B2HqLOB+XD8hLPYMwVKWQaarV/VlXtesHeVV6dEsNhrWIsl2bJd0BkoOQp+IjX8dxpx7IthavLKaIcdjTXQZtx7r8PaxYQoudLJjQanWwjT44VTbQJFqShH",
  "hPkhoiD358o7yjMhrrufEDhAj9WCMEvI3phom1QmHWeQbeWuUWqFFBCIi62mTKY63zSUQDm4UhpvwXojvv1OHnnjRM23F7lApyFpK24Foe8xhJrUbreAGxO1WcwOhgHI7WZX",
  "bkFLzyKybBMUI9BkXdvL3Ymfc6tGjCQKLPiG10eIiAW/YJiMlBAKC/SYh5tBQHUv865D+McyoBqM4mBHQ2u8UwhFcefFrAE4ziXOHVoQgQ0Z6/Ll3Maf0vvjyoCq4iK3M6Gf",
  "vLFjEt9AilTONgj00ICy/pUInfmbKBq69GkuhSpPGcTer93gPwovDUjNlwEKWcUN4QcHpcpnq+DVUkYqxEdFxQHnXzjEzbsXrApydQSWaINoaBz59vjHchhGojnkekUXcppo",
  "jhk/TqtM8CaGmnZ76Rbr3Bg82ti2JKf5bdytYDs1d0R0zC8rTrLIrESGexVlC0qOwf5IWevn52fSRfDl1BWFBuC9lUu8Iz7t6LD5UFhPQ1JZxbA33RqhYyyGMh6L3Mp8XJ04",
  "dCUVwdPmNl1IEnIEJVJvXTSddAYCXn/M7maAwJa7IVabG7hthbajA9ayQrHytnhWdGyy90V1LJcqxUomfkl0FkiZ3sCKCh2hmS0+dpfpdhSrKADE+Fcol04EJ5VeZztry0s0",
  "FCYR58gBWzV0BSl9+0tX9pLgn224pblLKsV1L4jryVL9DnA1vn672xTZOKANF4LYVFZuVz/YtPP5Q8hOw8ShdtjK+tWjQK1eHBQAZP36jAr/gbW40FxeOMdJFuz7OOeNbUgE",
  "A0ji09FuJoEs1S4mCeA7nPA9poyoQzGvA7oqeAVPj4d3OAK5+8NN5yJDubthth22XDPPHjTtkF7f5xYmIlk0XtxTnDEYPTMxi2wRFNnEXccQDCTide8WjM4kYQ1ztCiN7UgE",
  "Moo4zGjaMXcP6PVGUb9yCO5yZflow5Y0gMRIT3s+OfYcMeQUKNpdiRWAMlihnu+uisHyPP8D909UegNPXvS9fpP4m0uyvayKGgv9KiiZxMJ+PFNCVaTrCwBsY9kfszDJpKOd",
  "4LyvbOiOOkNh/N++Apg2K3biJMtNO3OfJbjwDo90yxFsEMXo3cZUanXrfHfxRloK9ubMOE4rHUY2PyBXpG+UWuiXlQVnRjoabbEnHCLmoaJyupwxyrVQv7L7aoZIfTlAd6u8",
  "2tidfMPSZk+sikgd6mYdvju/ZwqhVUDfXlKd89OyWA/9cU/DUsXQ/IGDOvcdZM9vf2Ng9KD9XHU/b7/a5FXATskSS8IEmJSlP0ZDbIRW6tLsUpVEjQ17wcQI7m60Qh/W2d9u",
  "qQwy7/j1dv0vlF5/H5q7ckY5aF2RkKIlwoIN+Gzao6wqcpVcisC3R4qILzf67FQz7Kls7f4jtdJnvVpTdiVH1BTobo8KpxaQ5jRyIHsq4EclsjMqrU44hK5/oIpr0MPSZ1mN",
  "sARYH8qYKiAOEZrIA6Z6EWT+Ok4PRvpkrFQfezXFCbIQJ16BW5EtAw30AufR5s/oZkqM4B+PnpqNksN2/ZRRH8FGrp4hWwbB7fioQaXQVFlonEg3uDtVUl1SmKRDYB1WExma",
  "h4xPMKSdWiZTq4sB",
].join("");

interface Polynomial {
  readonly degree: number;
  /** a1 … a(s-1), the last one lowest. */
  readonly inner: number;
}

function primeFactors(n: number): number[] {
  const found: number[] = [];
  let rest = n;
  for (let p = 2; p * p <= rest; p++)
    if (rest % p === 0) {
      found.push(p);
      while (rest % p === 0) rest /= p;
    }
  return rest > 1 ? [...found, rest] : found;
}

/** x^power modulo the polynomial. */
function powerOfX(power: number, polynomial: number, degree: number): number {
  const times = (a: number, b: number): number => {
    let product = 0;
    for (let [left, right] = [a, b]; right; right >>= 1) {
      if (right & 1) product ^= left;
      left <<= 1;
      if ((left >> degree) & 1) left ^= polynomial;
    }
    return product;
  };
  let result = 1;
  let square = degree > 1 ? 2 : 2 ^ polynomial;
  for (let rest = power; rest; rest >>= 1) {
    if (rest & 1) result = times(result, square);
    square = times(square, square);
  }
  return result;
}

/** Primitive polynomials by degree: those modulo which x has the order 2^degree - 1. */
function* primitivePolynomials(): Generator<Polynomial> {
  for (let degree = 1; ; degree++) {
    const order = 2 ** degree - 1;
    const parts = primeFactors(order).map((p) => order / p);
    for (let inner = 0; inner < 2 ** (degree - 1); inner++) {
      const polynomial = 2 ** degree + 2 * inner + 1;
      if (powerOfX(order, polynomial, degree) !== 1) continue;
      if (parts.every((part) => powerOfX(part, polynomial, degree) !== 1)) yield { degree, inner };
    }
  }
}

function continued(start: readonly number[], { degree, inner }: Polynomial): Uint32Array {
  const m = start.map(BigInt);
  for (let j = degree; j < bits; j++) {
    let next = m[j - degree]! ^ (m[j - degree]! << BigInt(degree));
    for (let k = 1; k < degree; k++) if ((inner >> (degree - 1 - k)) & 1) next ^= m[j - k]! << BigInt(k);
    m.push(next);
  }
  return Uint32Array.from(m.slice(0, bits), (number, j) => Number(number << BigInt(bits - 1 - j)));
}

const known: Uint32Array[] = [];

/** For each of the first `dimensions` dimensions the numbers by bit, the highest bit of 31 first. At most `maxDimensions`. */
export function directionNumbers(dimensions: number): readonly Uint32Array[] {
  if (known.length >= dimensions) return known;
  known.length = 0;
  known.push(Uint32Array.from({ length: bits }, (_, j) => 2 ** (bits - 1 - j)));
  const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
  let at = 0;
  const polynomials = primitivePolynomials();
  while (known.length < dimensions) {
    const polynomial: Polynomial = polynomials.next().value;
    const start = Array.from({ length: polynomial.degree }, (_, j) => {
      let number = 1;
      for (let bit = 1; bit <= j; bit++, at++) number += ((bytes[at >> 3]! >> (at & 7)) & 1) * 2 ** bit;
      return number;
    });
    known.push(continued(start, polynomial));
  }
  return known;
}
